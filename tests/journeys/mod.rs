//! Whole paths, told with a travelling clock.

mod api;
mod budgets;
mod day;
mod demo;
mod edits;
mod files;
mod foreign;
mod handlers;
mod loads;
mod outside;
mod past;
mod sending;
mod smtp;

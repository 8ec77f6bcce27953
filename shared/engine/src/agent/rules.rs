//! The agent that understands by rules: plain Spanish, nothing guessed, at no cost.

use crate::ports::agent::{Agent, Dialogue, Proposal};
use async_trait::async_trait;
use cauce_domain::contact::intent::{Intent, Reading, read, speaks_of_another};

/// Its name in settings.
pub const NAME: &str = "rules";
/// Most words of a message that rules are let judge: a longer one is a person's to read.
const MOST_WORDS: usize = 40;

/// Understands by rules.
pub struct Rules;

#[async_trait]
impl Agent for Rules {
    fn name(&self) -> &'static str {
        NAME
    }

    async fn propose(&self, dialogue: &Dialogue) -> Result<Proposal, String> {
        if dialogue.message.split_whitespace().count() > MOST_WORDS {
            return Ok(hand_over("el mensaje es largo"));
        }
        Ok(propose(read(&dialogue.message, dialogue.today), dialogue))
    }
}

fn hand_over(why: &str) -> Proposal {
    Proposal::HandOver { why: why.to_owned() }
}

/// What a reading asks for. Two things at once, a doubt, or one that is somebody's misfortune, are for a person.
fn propose(reading: Reading, dialogue: &Dialogue) -> Proposal {
    let Reading { intents, date, amount, doubtful } = reading;
    let questions = [Intent::Balance, Intent::DueDate, Intent::HowToPay, Intent::Statement];
    let intent = match intents.as_slice() {
        [only] => *only,
        // Several questions are answered by the fullest answer.
        several @ [first, ..] if several.iter().all(|it| questions.contains(it)) => *first,
        [] => return hand_over("no se entendió el mensaje"),
        _ => return hand_over("el mensaje dice más de una cosa"),
    };
    let foreign = dialogue.currency.is_some_and(|currency| speaks_of_another(&dialogue.message, currency.code()));
    match intent {
        Intent::Stranger | Intent::Thanks => Proposal::Leave,
        Intent::Person => hand_over("pide hablar con una persona"),
        Intent::CannotPay => hand_over("dice que no puede pagar"),
        Intent::Silence => Proposal::OptOut,
        Intent::Statement => Proposal::SendStatement,
        Intent::HowToPay => Proposal::TellHowToPay,
        Intent::DueDate => Proposal::TellDueDate,
        Intent::Balance => Proposal::TellBalance,
        Intent::Greeting => Proposal::Greet,
        Intent::Dispute | Intent::Paid | Intent::Promise if doubtful || foreign => hand_over("el mensaje no es claro"),
        Intent::Dispute => Proposal::OpenClaim,
        Intent::Paid => match date {
            Some(date) if date > dialogue.today => hand_over("habla de un pago con fecha futura"),
            date => Proposal::NotePayment { date, amount },
        },
        Intent::Promise => match date {
            Some(date) if date >= dialogue.today => Proposal::NotePromise { date, amount },
            _ => hand_over("promete pagar y no dice cuándo"),
        },
    }
}

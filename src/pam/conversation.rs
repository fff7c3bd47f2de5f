//! The conversation: the function that PAM modules call when they want to ask or tell something.
#![expect(unsafe_code, reason = "PAM calls this with raw pointers")]

use std::{
    ffi::{CStr, c_char, c_int, c_void},
    panic::{AssertUnwindSafe, catch_unwind},
    ptr, slice,
};

use nix::libc;
use pam::ffi;
use zeroize::{Zeroize, Zeroizing};

use crate::domain::secret::Secret;

/// How a message of a module is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// A question whose answer is not to be shown.
    Hidden,
    /// A question whose answer may be shown.
    Shown,
    /// An error to show.
    Error,
    /// A text to show.
    Info,
}

impl Style {
    /// Tells whether the module waits for an answer.
    pub fn is_question(self) -> bool {
        matches!(self, Self::Hidden | Self::Shown)
    }
}

/// What a module asks or tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// How it is meant.
    pub style: Style,
    /// Its text.
    pub text: String,
}

/// Answers one round of messages: one answer for each question, in order; `None` ends the login.
pub type Talk<'a> = dyn FnMut(Vec<Message>) -> Option<Vec<Secret<String>>> + 'a;

/// What PAM's application pointer points to.
pub(super) struct Conversation<'a> {
    talk: Box<Talk<'a>>,
    /// Whether a conversation was broken off, by the other side or by a fault.
    pub(super) ended_early: bool,
}

impl<'a> Conversation<'a> {
    pub(super) fn new(talk: Box<Talk<'a>>) -> Self {
        Self {
            talk,
            ended_early: false,
        }
    }

    /// Asks for answers. A panic ends the conversation and goes no further: it must not reach C.
    fn answer(&mut self, messages: Vec<Message>) -> Option<Vec<Secret<String>>> {
        let questions = messages.iter().filter(|m| m.style.is_question()).count();
        let talk = AssertUnwindSafe(&mut self.talk);
        let answers = catch_unwind(move || {
            let talk = talk;
            (talk.0)(messages)
        });
        let answers = answers
            .ok()
            .flatten()
            .filter(|answers| answers.len() == questions);
        if answers.is_none() {
            self.ended_early = true;
        }
        answers
    }
}

/// The function that modules call (pam_conv(3)).
pub(super) unsafe extern "C" fn converse(
    count: c_int,
    messages: *mut *const ffi::pam_message,
    responses: *mut *mut ffi::pam_response,
    data: *mut c_void,
) -> c_int {
    let most = usize::try_from(ffi::PAM_MAX_NUM_MSG).unwrap_or(0);
    let Some(count) = usize::try_from(count)
        .ok()
        .filter(|n| (1..=most).contains(n))
    else {
        return ffi::PAM_CONV_ERR;
    };
    if messages.is_null() || responses.is_null() || data.is_null() {
        return ffi::PAM_CONV_ERR;
    }
    // SAFETY: Linux-PAM passes an array of `count` pointers, valid for this call.
    let messages = unsafe { slice::from_raw_parts(messages.cast_const(), count) };
    // SAFETY: `data` is the pointer `Transaction::begin` gave to pam_start: a live Conversation that
    // nobody else touches while a PAM call runs.
    let conversation = unsafe { &mut *data.cast::<Conversation<'_>>() };

    let Some(texts) = messages.iter().map(|m| read_message(*m)).collect() else {
        return ffi::PAM_CONV_ERR;
    };
    let texts: Vec<Message> = texts;
    let questions: Vec<bool> = texts.iter().map(|m| m.style.is_question()).collect();
    let Some(answers) = conversation.answer(texts) else {
        return ffi::PAM_CONV_ERR;
    };
    match Responses::fill(&questions, answers) {
        Some(filled) => {
            // SAFETY: `responses` is not null; PAM passes the address of one pointer.
            unsafe { responses.write(filled.into_raw()) };
            ffi::PAM_SUCCESS
        }
        None => ffi::PAM_BUF_ERR,
    }
}

/// The function that PAM calls in the place of sleeping after a failure: it does nothing, because
/// the broker gives every refusal the same time itself.
pub(super) extern "C" fn no_delay(_code: c_int, _micros: std::ffi::c_uint, _data: *mut c_void) {}

fn read_message(message: *const ffi::pam_message) -> Option<Message> {
    // SAFETY: a pointer of PAM's array is null or points to a message valid for this call.
    let message = unsafe { message.as_ref() }?;
    let style = match message.msg_style {
        ffi::PAM_PROMPT_ECHO_OFF => Style::Hidden,
        ffi::PAM_PROMPT_ECHO_ON => Style::Shown,
        ffi::PAM_ERROR_MSG => Style::Error,
        ffi::PAM_TEXT_INFO => Style::Info,
        _ => return None,
    };
    if message.msg.is_null() {
        return Some(Message {
            style,
            text: String::new(),
        });
    }
    // SAFETY: a message's text that is not null is a C string valid for this call.
    let text = unsafe { CStr::from_ptr(message.msg) };
    Some(Message {
        style,
        text: text.to_string_lossy().into_owned(),
    })
}

/// An array of responses in C's memory; wiped and freed unless it is handed over to PAM.
struct Responses {
    first: *mut ffi::pam_response,
    count: usize,
}

impl Responses {
    /// Puts each answer at the place of its question.
    fn fill(questions: &[bool], answers: Vec<Secret<String>>) -> Option<Self> {
        // SAFETY: calloc may be called with any sizes.
        let memory = unsafe { libc::calloc(questions.len(), size_of::<ffi::pam_response>()) };
        if memory.is_null() {
            return None;
        }
        let responses = Self {
            first: memory.cast(),
            count: questions.len(),
        };
        let mut answers = answers.into_iter();
        for (index, is_question) in questions.iter().enumerate() {
            if !is_question {
                continue;
            }
            let copy = copy_to_c(&answers.next()?)?;
            // SAFETY: `index` is below the number of elements that were allocated.
            let place = unsafe { responses.first.add(index) };
            // SAFETY: `place` points into the array, which is zeroed and ours alone.
            let response = unsafe { &mut *place };
            response.resp = copy;
        }
        Some(responses)
    }

    /// Gives the array to PAM, which frees it and the texts in it (pam_conv(3)).
    fn into_raw(mut self) -> *mut ffi::pam_response {
        self.count = 0;
        std::mem::replace(&mut self.first, ptr::null_mut())
    }
}

impl Drop for Responses {
    fn drop(&mut self) {
        for index in 0..self.count {
            // SAFETY: `index` is below the number of elements that were allocated.
            let place = unsafe { self.first.add(index) };
            // SAFETY: `place` points into the array, which is ours alone.
            let response = unsafe { &mut *place };
            wipe_and_free(response.resp);
        }
        // SAFETY: the array came from calloc and is not used any more; free takes null as well.
        unsafe { libc::free(self.first.cast()) };
    }
}

/// Copies an answer into memory that C may free. It has no NUL inside: `Transaction`'s caller was
/// told so, and a text with one is no password of anybody's.
fn copy_to_c(answer: &Secret<String>) -> Option<*mut c_char> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(answer.expose().len() + 1));
    bytes.extend_from_slice(answer.expose().as_bytes());
    bytes.push(0);
    let text = CStr::from_bytes_with_nul(&bytes).ok()?;
    // SAFETY: `text` is a C string; strdup copies it.
    let copy = unsafe { libc::strdup(text.as_ptr()) };
    (!copy.is_null()).then_some(copy)
}

fn wipe_and_free(text: *mut c_char) {
    if text.is_null() {
        return;
    }
    // SAFETY: `text` came from strdup, so it ends in NUL.
    let length = unsafe { libc::strlen(text) };
    // SAFETY: those `length` bytes are ours alone until they are freed below.
    let bytes = unsafe { slice::from_raw_parts_mut(text.cast::<u8>(), length) };
    bytes.zeroize();
    // SAFETY: `text` came from strdup and is not used any more.
    unsafe { libc::free(text.cast()) };
}

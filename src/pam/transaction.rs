//! One PAM transaction: from pam_start(3) to pam_end(3).
#![expect(unsafe_code, reason = "PAM is a C library")]

use std::{
    ffi::{CStr, CString, c_int, c_void},
    path::Path,
    ptr,
};

use pam::ffi;

use super::{
    PamError,
    conversation::{Conversation, Talk, converse, no_delay},
};

/// A transaction for one user. PAM modules run inside the calls: they block, and they may change
/// the process, so this belongs into a process that does nothing else.
pub struct Transaction<'a> {
    handle: *mut ffi::pam_handle_t,
    conversation: *mut Conversation<'a>,
    user: CString,
    last: c_int,
}

impl<'a> Transaction<'a> {
    /// Begins a transaction of `service` for `user`; `talk` is asked whenever a module asks.
    pub fn begin(service: &str, user: &str, talk: Box<Talk<'a>>) -> Result<Self, PamError> {
        Self::begin_in(None, service, user, talk)
    }

    /// The same with service files out of another folder than the system's, for tests.
    pub fn begin_in(
        folder: Option<&Path>,
        service: &str,
        user: &str,
        talk: Box<Talk<'a>>,
    ) -> Result<Self, PamError> {
        let service = c_string(service)?;
        let user = c_string(user)?;
        let folder = match folder {
            Some(folder) => Some(c_string(&folder.to_string_lossy())?),
            None => None,
        };
        let conversation = Box::into_raw(Box::new(Conversation::new(talk)));
        let conv = ffi::pam_conv {
            conv: Some(converse),
            appdata_ptr: conversation.cast(),
        };
        let mut transaction = Self {
            handle: ptr::null_mut(),
            conversation,
            user,
            last: ffi::PAM_SUCCESS,
        };
        let (service, user) = (service.as_ptr(), transaction.user.as_ptr());
        let handle = &raw mut transaction.handle;
        let code = match &folder {
            // SAFETY: all pointers are valid for the call; PAM copies the texts and `conv`. What
            // `conv` points to lives until Drop, which ends the transaction first.
            None => unsafe { ffi::pam_start(service, user, &raw const conv, handle) },
            Some(folder) => {
                let folder = folder.as_ptr();
                // SAFETY: as above.
                unsafe { ffi::pam_start_confdir(service, user, &raw const conv, folder, handle) }
            }
        };
        if code != ffi::PAM_SUCCESS || transaction.handle.is_null() {
            return Err(PamError::Broken(format!("pam_start returned {code}")));
        }
        transaction.set_item(ffi::PAM_FAIL_DELAY, no_delay as *const c_void)?;
        Ok(transaction)
    }

    /// Tells modules and their logs where the person is.
    pub fn set_remote_host(&mut self, host: &str) -> Result<(), PamError> {
        let host = c_string(host)?;
        self.set_item(ffi::PAM_RHOST, host.as_ptr().cast())
    }

    /// Finds out whether the person is who they say. An empty password is never enough.
    pub fn authenticate(&mut self) -> Result<(), PamError> {
        // SAFETY: the handle is a live transaction's.
        let code = unsafe { ffi::pam_authenticate(self.handle, ffi::PAM_DISALLOW_NULL_AUTHTOK) };
        self.judge(code)?;
        self.check_user()
    }

    /// Finds out whether the account may be used now: not expired, not locked, at this hour.
    pub fn check_account(&mut self) -> Result<(), PamError> {
        // SAFETY: the handle is a live transaction's.
        let code = unsafe { ffi::pam_acct_mgmt(self.handle, ffi::PAM_DISALLOW_NULL_AUTHTOK) };
        match self.judge(code) {
            // Stacks that end in pam_deny give its code and not the one of the module that refused.
            Err(PamError::Credentials(text)) => Err(PamError::Account(text)),
            Err(error) => Err(error),
            Ok(()) => self.check_user(),
        }
    }

    /// Has an expired password changed, asking the person for a new one.
    pub fn change_expired_password(&mut self) -> Result<(), PamError> {
        // SAFETY: the handle is a live transaction's.
        let code = unsafe { ffi::pam_chauthtok(self.handle, ffi::PAM_CHANGE_EXPIRED_AUTHTOK) };
        self.judge(code)?;
        self.check_user()
    }

    /// A module may put another name in the user's place; the answer would then be about somebody else.
    fn check_user(&self) -> Result<(), PamError> {
        let mut item: *const c_void = ptr::null();
        // SAFETY: the handle is a live transaction's, and `item` takes one pointer.
        let code = unsafe { ffi::pam_get_item(self.handle, ffi::PAM_USER, &raw mut item) };
        if code != ffi::PAM_SUCCESS || item.is_null() {
            return Err(PamError::UserChanged);
        }
        // SAFETY: PAM_USER is a C string that PAM keeps until the item is set again.
        let user = unsafe { CStr::from_ptr(item.cast()) };
        if user == self.user.as_c_str() {
            Ok(())
        } else {
            Err(PamError::UserChanged)
        }
    }

    fn set_item(&mut self, item: c_int, value: *const c_void) -> Result<(), PamError> {
        // SAFETY: the handle is a live transaction's; PAM copies texts and keeps function pointers.
        let code = unsafe { ffi::pam_set_item(self.handle, item, value) };
        self.judge(code)
    }

    fn judge(&mut self, code: c_int) -> Result<(), PamError> {
        self.last = code;
        // SAFETY: no PAM call runs, so nobody else has the conversation.
        let conversation = unsafe { &*self.conversation };
        if code == ffi::PAM_SUCCESS {
            return Ok(());
        }
        if conversation.ended_early {
            return Err(PamError::Conversation);
        }
        let text = self.describe(code);
        Err(match code {
            ffi::PAM_AUTH_ERR
            | ffi::PAM_USER_UNKNOWN
            | ffi::PAM_MAXTRIES
            | ffi::PAM_CRED_INSUFFICIENT
            | ffi::PAM_AUTHTOK_ERR
            | ffi::PAM_PERM_DENIED => PamError::Credentials(text),
            ffi::PAM_ACCT_EXPIRED | ffi::PAM_CRED_EXPIRED | ffi::PAM_AUTHTOK_EXPIRED => {
                PamError::Account(text)
            }
            ffi::PAM_NEW_AUTHTOK_REQD => PamError::PasswordExpired,
            _ => PamError::Broken(text),
        })
    }

    fn describe(&self, code: c_int) -> String {
        // SAFETY: the handle is a live transaction's.
        let text = unsafe { ffi::pam_strerror(self.handle, code) };
        if text.is_null() {
            return format!("PAM error {code}");
        }
        // SAFETY: pam_strerror returns a C string that lives as long as the program.
        let text = unsafe { CStr::from_ptr(text) };
        text.to_string_lossy().into_owned()
    }
}

impl Drop for Transaction<'_> {
    fn drop(&mut self) {
        if !self.handle.is_null() {
            // SAFETY: the handle is a live transaction's and not used again.
            unsafe { ffi::pam_end(self.handle, self.last) };
        }
        // SAFETY: the pointer came from Box::into_raw; pam_end was the last that could use it.
        drop(unsafe { Box::from_raw(self.conversation) });
    }
}

fn c_string(text: &str) -> Result<CString, PamError> {
    CString::new(text).map_err(|_| PamError::Credentials(String::from("a NUL in the name")))
}

#[cfg(test)]
#[path = "transaction_tests.rs"]
mod tests;

### What people read on the pages of Carrel, in Project Fluent's format (projectfluent.org). Each page has a part, and the names
### of its messages begin with the name of the part.
###
### The text of a message, or of each of its variants, stays on one line, however long. It has none of the signs < > & \ and no straight double quotation marks.
### What comes into it in braces are names, numbers, and elements such as links or times with words of their own.
### Messages whose name ends with -label are read out by screen readers in place of what can be seen, which they
### begin with.


## Amounts and times, which come into many messages

# How long something takes, or how much time is left: 45 seconds, 1 minute, 2 days.
duration = { $unit ->
        [seconds] { $count ->
            [one] { $count } second
           *[other] { $count } seconds
        }
        [minutes] { $count ->
            [one] { $count } minute
           *[other] { $count } minutes
        }
        [hours] { $count ->
            [one] { $count } hour
           *[other] { $count } hours
        }
       *[days] { $count ->
            [one] { $count } day
           *[other] { $count } days
        }
    }
# How long ago something was.
duration-ago = { $unit ->
        [seconds] { $count ->
            [one] { $count } second ago
           *[other] { $count } seconds ago
        }
        [minutes] { $count ->
            [one] { $count } minute ago
           *[other] { $count } minutes ago
        }
        [hours] { $count ->
            [one] { $count } hour ago
           *[other] { $count } hours ago
        }
       *[days] { $count ->
            [one] { $count } day ago
           *[other] { $count } days ago
        }
    }
duration-ago-none = just now
# In place of the time when something was, if it never was.
duration-never = never
# How long something is yet to come.
duration-ahead = { $unit ->
        [seconds] { $count ->
            [one] in { $count } second
           *[other] in { $count } seconds
        }
        [minutes] { $count ->
            [one] in { $count } minute
           *[other] in { $count } minutes
        }
        [hours] { $count ->
            [one] in { $count } hour
           *[other] in { $count } hours
        }
       *[days] { $count ->
            [one] in { $count } day
           *[other] in { $count } days
        }
    }
size-bytes = { $count ->
        [one] { $count } byte
       *[other] { $count } bytes
    }
# The number of units, such as 812 or what size-number makes: 812 MiB, 1.5 GiB.
size = { $unit ->
        [kib] { $number } KiB
        [mib] { $number } MiB
        [gib] { $number } GiB
        [tib] { $number } TiB
       *[pib] { $number } PiB
    }
# A number with one digit after the sign that separates decimals.
size-number = { $whole }.{ $tenth }


## Frame: what all pages share

# The title of the window.
frame-window = { $page } · { $site }
# The first link of a page, for those who move by keyboard.
frame-skip = Skip to content
frame-announcement = Announcement
frame-nav = Main
frame-home = Home
frame-token = Token
frame-shares = Sharing
frame-services = Services
frame-admin = Admin
# Read out before the name of whoever is logged in.
frame-logged-in-as = Logged in as
frame-administrator = administrator
frame-log-in = Log in
frame-log-out = Log out
frame-imprint = Imprint
frame-privacy = Privacy
frame-stale = The hub does not answer at the moment, so this may be out of date. The page tries again by itself.
# With frame-login-again as a link.
frame-login-ended = You are no longer logged in, so this is out of date. { $link }
frame-login-again = Log in again


## What is shown this once, such as a new token

# A button beside it.
secret-copy = Copy
# What the button says afterwards.
secret-copied = Copied


## Names that nobody can give, told on the page with the form

refused-user-name = “{ $name }” cannot be the name of a user.
refused-group-name = “{ $name }” cannot be the name of a group.


## Home: the visitor's servers

home-window = Home
home-title = Your server
home-title-many = Your servers
# What a server is called that has no name of its own, when it is the only one.
home-server-only = Notebook server
# The same when there are others.
home-server-default = Default server

home-state-stopped = Stopped
home-state-failed = Stopped after a failure
home-state-starting = Starting
home-state-running = Running
home-state-stopping = Stopping
home-meaning-stopped = Nothing runs. Your files are where you left them.
home-meaning-starting = It is starting; this usually takes a few seconds.
home-meaning-running = It keeps running when you close the browser or log out. Stopping it ends its notebooks’ kernels: what they hold in memory is lost, saved files are not.
home-meaning-stopping = It is shutting down; programs get a moment to save their work.

# The times are such as duration-ago makes.
home-since-used = Last used { $time }
home-since-asked = Asked for { $time }
home-since-started = Started { $time }
home-since-started-used = Started { $time }, last used { $used }
home-since-stopping = Told to stop { $time }

# The times are such as duration makes.
home-culled-unused-ahead = It stops by itself in { $time }, unless you use it.
home-culled-old-ahead = It stops in { $time }: no server may run for longer than { $age }. Save your work before then.
home-culled-unused = The hub stopped it { $time } ago: nobody used it for { $limit }.
home-culled-old = The hub stopped it { $time } ago: it ran for { $limit }, as long as a server may.
home-failure-details = What happened in detail

home-memory = Memory
home-memory-used = { $used } of { $limit }
# What the bar beside it shows.
home-memory-meter = Memory used
home-cpu = Processor time

home-start = Start
home-start-label = Start { $server }
home-delete = Delete
home-delete-label = Delete { $server }
home-watch = Watch the start
home-watch-label = Watch the start of { $server }
home-cancel = Cancel
home-cancel-label = Cancel the start of { $server }
home-open = Open
home-open-label = Open { $server }
home-stop = Stop
home-stop-label = Stop { $server }
home-stopping-hint = You can start it again as soon as it has stopped.

# The name of the server is not seen, but read out.
home-rename-title = Rename { $server }
home-rename-name = What it is called
home-rename = Rename

home-new-title = Another server
home-new-lead = A server of its own for another project. It sees the same files.
home-new-count = You have { $count } of at most { $limit }.
home-new-full = Delete one that you no longer need to make room.
home-new-display-name = What it is called (optional)
home-new-name = Name in its address
home-new-name-rule = Lower-case letters, digits and single hyphens; begin with a letter.
home-new = Add and start

# Why something could not be done, on top of the page.
home-refused-name = “{ $name }” cannot be the name of a server. Use lower-case letters, digits and single hyphens; begin with a letter.
home-refused-display-name = A server cannot be called “{ $name }”. Use up to 255 characters that can be seen.
home-refused-taken = There is a server named { $server } already.
# The reason is a sentence in English.
home-refused-start = It was added, but not started: { $reason }
home-refused-rename = Stop the server before you rename it.
home-refused-delete = Stop the server before you delete it.


## Login

login-title = Log in
# With https:// as the address.
login-insecure = This page was not loaded over HTTPS. Anyone on the way could read your password: do not log in here. Use the address that begins with { $address } instead.
# Leads to a provider such as the university’s own login.
login-provider = Sign in with { $provider }
login-or-password = Or log in with a password:
login-hint = Use your account on this machine.
login-user = User name
login-password = Password
login-terms = Terms
login-terms-accept = I accept these terms.
login-submit = Log in
# When the machine asks for more than a password, such as a code.
login-as = Logging in as { $user }.
login-continue = Continue
login-again = Start again
# The label of a question without words.
login-answer = Answer
# The start of a name that is too long to be shown.
login-long-name = { $start }...({ $length } chars)
login-refused = Invalid username or password
login-terms-first = To log in, accept the terms first.
login-form-expired = Login form invalid or expired. Try again.
login-round-expired = That took too long. Log in again from the start.
login-throttled = Too many attempts. Try again in { $time }.
login-unavailable = Logging in does not work at the moment. Try again in a minute; if it keeps happening, tell the administrator of this machine.


## A sign-in at a provider that came to nothing

sign-in-failed-window = Not logged in
sign-in-failed-title = You are not logged in
sign-in-failed-again = Sign in again
sign-in-failed-password = Log in with a password
sign-in-failed-stale = This sign-in was begun in another browser, or too long ago, or it has been used already.
sign-in-failed-declined = { $provider } did not sign you in.
sign-in-failed-unwelcome = You signed in at { $provider }, but that leads to no account of this machine that may log in.
sign-in-failed-broken = { $provider } cannot be reached, or its answer cannot be understood.
sign-in-failed-slow = { $provider } took too long to answer.
sign-in-failed-unavailable = Logging in does not work at the moment.
sign-in-failed-throttled = There were too many attempts. Try again in { $time }.
sign-in-failed-declined-advice = Sign in again, and agree if { $provider } asks you to.
sign-in-failed-stale-advice = Begin again, and finish in the same browser within ten minutes.
sign-in-failed-unwelcome-advice = If you have more than one account at { $provider }, sign out there and take the other one. Otherwise ask the administrator of this machine.
sign-in-failed-broken-advice = Try again in a minute; if it keeps happening, tell the administrator of this machine.
sign-in-failed-throttled-advice = Everybody who comes from the same address as you counts, too.


## Logged out

logged-out-window = Logged out
logged-out-title = You are logged out
logged-out-lead = Successfully logged out.
logged-out-servers = Your servers keep running, so that long computations can finish. Log in again to come back to them or to stop them.
logged-out-again = Log in again


## The form before a server starts

spawn-form-title = Start a server
spawn-form-name = It is called { $server }.
spawn-form-nothing = There is no kind of server that you may start. Ask the administrator of this machine.
spawn-form-choices = What should it run?
spawn-form-start = Start
spawn-form-back = Back


## A server that is starting

spawn-pending-window = Starting
spawn-pending-title = Your server is starting
spawn-pending-title-foreign = The server is starting
# The first sentence of a paragraph that ends with spawn-pending-lead.
spawn-pending-own = This usually takes a few seconds.
spawn-pending-own-named = It is the one named { $server }.
spawn-pending-foreign = It is the server { $server }, which belongs to somebody else.
spawn-pending-lead = This page takes you there as soon as it answers.
spawn-pending-progress = Progress of the start
spawn-pending-log = What has happened so far
spawn-pending-reload = This page looks again every three seconds.
spawn-pending-cancel = Cancel


## A server that is ending

stopping-window = Stopping
stopping-title = The server is stopping
stopping-lead = Programs get a moment to save their work. You can start it again as soon as it has stopped.
stopping-server = Server { $server }
stopping-reload = This page looks again every five seconds.
stopping-home = Home


## A server that does not run, for whoever opens it

not-running-title = Server not running
not-running-own = Your server is not running. Its files are where they were left.
not-running-own-named = Your server named { $server } is not running. Its files are where they were left.
not-running-foreign = The server of { $owner } is not running. Its files are where they were left.
not-running-foreign-named = The server of { $owner } named { $server } is not running. Its files are where they were left.
not-running-question = Would you like to launch it?
not-running-ask = You may use it, but not start it: ask its owner to.
not-running-start = Launch server
not-running-home = Home


## A server that failed

spawn-failed-window = Spawn failed
spawn-failed-title = Your server failed
spawn-failed-server = Spawn failed: { $server }
spawn-failed-again = Relaunch
spawn-failed-home = Home


## Why a server failed, and what can be done about it

failure-missing = The program “{ $command }” is not installed on this machine.
failure-missing-advice = The administrator of this machine has to install it.
failure-searched = It was looked for in:
failure-refused = This machine refused to start it: { $reason }.
failure-refused-advice = Ask the administrator of this machine about it.
failure-login = You logged in too long ago for a server to be started.
failure-login-advice = Log out, log in again, and launch it then.
failure-not-started = The server could not be started: { $reason }.
failure-unavailable = The machine itself could not start the server; nothing is wrong with your account.
failure-unavailable-advice = Launch it again. If it fails again, tell the administrator; the journal of this machine knows more.
failure-no-socket = The server did not come up within { $time }.
failure-no-answer = The server’s program is running, but it did not answer within { $time }.
failure-no-answer-advice = The machine may be busy: launch it again in a minute. If it fails again, show the log to the administrator.
failure-owner = Something other than your server’s program was listening at its address, so the hub did not connect you to it.
failure-owner-advice = Launch it again. If it happens again, look for a program of yours that uses the server’s socket.
failure-disk = The machine’s disk is full, so the server could not be started.
failure-disk-advice = Tell the administrator, and launch it again when there is room.
failure-vanished = The server ended while the hub was not watching it, for example because the machine was restarted.
failure-vanished-advice = Launch it again.
failure-memory = The server was stopped because the machine ran out of memory.
failure-memory-limit = The server was stopped because it needed more memory than the { $limit } it may use.
failure-memory-advice = Launch it again and work on less data at once, or ask the administrator for more memory.
# With the name of a signal, such as SIGSEGV.
failure-signal = The server was ended by a signal ({ $name }).
failure-signal-number = The server was ended by signal { $number }.
failure-timeout = The server took too long to start or to stop, and was ended.
failure-ended = The server ended by itself.
failure-ended-advice = It may have been shut down from its own menu or by one of its settings. Launch it again.
failure-exit = The server ended by itself with exit status { $status }.
failure-exit-advice = The last lines of its log usually say why. If you changed your Jupyter configuration or environment recently, undo that first; then launch it again.
failure-setup-home = The server could not be started: its home folder could not be entered (status { $status }).
failure-setup-program = The server could not be started: its program could not be executed (status { $status }).
failure-setup-limit = The server could not be started: one of its limits could not be set (status { $status }).
failure-setup-account = The server could not be started: its account or groups could not be taken on (status { $status }).
failure-setup-group = The server could not be started: its control group could not be set up (status { $status }).
failure-setup-sandbox = The server could not be started: its sandbox could not be set up (status { $status }).
failure-result = The server could not be run; systemd says “{ $result }”.
failure-journal = The last lines of its log
failure-journal-command = For administrators: { $command } shows the whole log.


## A machine without a notebook server

not-installed-window = Nothing to start
not-installed-title = No notebook server is installed
not-installed-lead = You are logged in and all is well with your account, but this machine has no program { $program } that could be started for you.
not-installed-ask = Ask the administrator of this machine to install it. This page tells them how when they log in.
not-installed-again = Try again
not-installed-home = Home
not-installed-how = How to install one
not-installed-current = A current JupyterLab for everybody, in a folder of its own that Carrel knows:
not-installed-current-commands = Commands that install JupyterLab
not-installed-older = Or the older one that Debian keeps up to date:
not-installed-older-command = Command that installs Debian’s packages
not-installed-after = Nothing has to be restarted: try again when that is done. { $doctor } tells what is found. Another program or another place is set by { $command } and { $path } in { $file }.
not-installed-searched = Where it was looked for


## Tokens and applications

tokens-window = Token
tokens-title = Tokens and applications
tokens-made = Your new token:
tokens-made-hint = Copy it now. It is not kept in readable form, so it cannot be shown again.
tokens-new = A new token
tokens-new-lead = A token lets a script or program of yours use the hub’s API as you. Whoever has it can do the same: treat it as a password.
tokens-note = What it is for
tokens-note-example = Nightly script on my laptop
tokens-expires = Expires
# The choices below tokens-expires.
tokens-expires-in = In { $time }
tokens-expires-last = Max ({ $time })
tokens-expires-never = Never
tokens-permissions = Permissions: everything you can do, unless you choose
tokens-picks = Only what is ticked
tokens-scopes = Other scopes, separated by spaces
tokens-scopes-hint = A scope can cover part of what you can do, such as { $example }.
tokens-request = Request new token
tokens-own = Your tokens
tokens-own-none = You have none.
tokens-servers = Your server works with it. It ends with the server.
tokens-applications = Authorized applications
tokens-applications-none = You have let no application act for you.
tokens-applications-lead = You let these act for you. Revoking one logs you out of it; it has to ask again.
tokens-column-note = Note
tokens-column-application = Application
tokens-column-permissions = Permissions
tokens-column-used = Last used
tokens-column-created = Created
tokens-column-authorized = First authorized
tokens-column-expires = Expires
# In the column of permissions.
tokens-no-permissions = none
tokens-many-permissions = { $count ->
        [one] { $count } permission
       *[other] { $count } permissions
    }
# Why a token was not made, on top of the page; in seconds.
tokens-refused-lifetime = A token can last from 1 to { $longest } seconds.
tokens-revoke = Revoke
tokens-revoke-label = Revoke { $token }


## Sharing

shares-title = Sharing
shares-warning = Whoever can use a server of yours works in it as you: they see and change your files. Share with people you trust, and stop sharing when you are done.
# With shares-none-link as a link.
shares-none = You have no server yet. { $link }, then you can share it.
shares-none-link = Start one
shares-invited = Send this link to whomever you invite:
shares-invited-hint = Anyone who opens it within { $time } and logs in can accept. Copy it now; it cannot be shown again.
# What a server is called that has no name of its own.
shares-own-server = Your server
shares-nobody = Only you can use it.
# Beside the name of a group.
shares-group = group
shares-since = shared { $time }
# With what a scope allows, such as: use servers, as if at their keyboard.
shares-may = may { $scope }
shares-stop = Stop sharing
shares-stop-label = Stop sharing { $server } with { $name }
shares-invitations = Open invitations
# The time is such as duration-ahead makes; the count tells how often it was accepted.
shares-invitation = { $count ->
        [0] Ends { $time }, not accepted yet
        [one] Ends { $time }, accepted once
       *[other] Ends { $time }, accepted { $count } times
    }
shares-withdraw = Withdraw
shares-withdraw-label = Withdraw invitation { $id }
shares-forbidden = You may not share it; ask the administrator of this machine.
# The label of a choice between shares-kind-user and shares-kind-group.
shares-kind = Share with a
shares-kind-user = user
shares-kind-group = group
shares-name = Name
shares-share = Share
shares-share-label = Share { $server }
# The label of a choice between lengths of time.
shares-lifetime = Invite by a link that is good for
shares-invite = Make a link
shares-invite-label = Make a link to { $server }
shares-foreign-title = Shared with you
shares-foreign-none = Nobody shares a server with you.
shares-foreign = { $owner }’s server
shares-foreign-named = { $owner }’s { $server }
shares-column-server = Server
shares-column-state = State
shares-column-shared = Shared
shares-running = Running
shares-stopped = Stopped
# The time is such as duration-ago makes.
shares-by-group = { $time }, with your group { $group }
shares-leave = Leave
shares-leave-label = Leave { $server }

# Why something could not be done, on top of the page.
shares-refused-kind = Say whether it is a user or a group.
shares-refused-owner = The server is theirs already.
shares-refused-user = There is no user { $name }, or you may not see them. Invite them with a link.
shares-refused-group = There is no group { $name }, or you may not see it. Invite its members with a link.
shares-refused-invitation = There is no such invitation. It may have ended or been withdrawn.
shares-refused-lifetime = An invitation must be good for at least a minute and at most a year.


## An invitation to a shared server

accept-share-title = Use a shared server?
accept-share-lead = You ({ $visitor }) have been invited to access { $owner }'s server at { $link }.
accept-share-lead-named = You ({ $visitor }) have been invited to access { $owner }'s server { $server } at { $link }.
accept-share-stopped = It is not currently running. You may have to ask { $owner } to start it.
accept-share-trust = Whoever can use a server can see and change what is in it. Work in a server of somebody you trust.
# Above a list of what scopes allow.
accept-share-scopes = You would be able to
accept-share-next = Afterwards you are taken to { $address }.
accept-share-accept = Accept
accept-share-not = Do not accept


## The question whether a program may act for the visitor

confirm-title = Allow access?
confirm-lead = { $client } asks to know who you are and to act for you.
# Above a list of what scopes allow.
confirm-scopes = It would be able to
confirm-no-scopes = see your user name
confirm-answer = Your answer goes to { $address }. Your password does not.
confirm-trust = Allow this only if you trust whoever runs it.
confirm-allow = Authorize
confirm-not = Do not allow


## What scopes allow, as it reads after: It would be able to

# With what a scope allows and one of the bounds below.
scope-bounded = { $scope } – { $bound }
scope-unknown = use “{ $scope }”
scope-unknown-bounded = use “{ $scope }”, { $bound }
scope-only-you = only you
scope-only-this-server = only this server
scope-only-this-service = only this service
scope-only-user = only the user { $name }
scope-only-group = only users in the group { $name }
scope-only-server = only { $owner }’s server
scope-only-server-named = only { $owner }’s server { $name }
scope-only-service = only the service { $name }
scope-only = only { $filter }

scope-none = see who you are and nothing else
scope-self = do everything you can do with your own account
scope-inherit = do everything you can do
scope-admin-ui = open the administration page
scope-admin-users = create, change and remove users
scope-admin-auth-state = read what logins recorded about users
scope-users = change users
scope-delete-users = remove users
scope-list-users = list users
scope-read-users = read about users
scope-read-users-name = read user names
scope-read-users-groups = read which groups users are in
scope-read-users-activity = see when users were last active
scope-read-roles = read roles
scope-read-roles-users = read the roles of users
scope-read-roles-services = read the roles of services
scope-read-roles-groups = read the roles of groups
scope-users-activity = report when users were active
scope-admin-servers = start and stop servers and read their inner state
scope-admin-server-state = read the inner state of servers
scope-servers = start and stop servers
scope-read-servers = see servers and whether they run
scope-start-servers = start servers
scope-delete-servers = stop and remove servers
scope-tokens = create and revoke tokens
scope-read-tokens = see tokens, but not their values
scope-admin-groups = create, change and remove groups
scope-groups = change groups
scope-list-groups = list groups
scope-read-groups = read about groups
scope-read-groups-name = read the names of groups
scope-delete-groups = remove groups
scope-admin-services = create, change and remove services
scope-list-services = list services
scope-read-services = read about services
scope-read-services-name = read the names of services
scope-read-hub = read about the hub
scope-access-servers = use servers, as if at their keyboard
scope-access-services = use services
scope-shares = share servers with others
scope-read-shares = see with whom servers are shared
scope-users-shares = give up what was shared with users
scope-read-users-shares = see what was shared with users
scope-groups-shares = give up what was shared with groups
scope-read-groups-shares = see what was shared with groups
scope-proxy = change where addresses lead
scope-shutdown = shut down the hub
scope-read-metrics = read the hub’s figures


## Errors, by the status of the reply

error-window = { $status } { $title }
error-home = Home
error-log-in = Log in
error-request = If you ask for help, name this request: { $id }
error-400 = Not understood
error-400-advice = The request was not complete or not well formed. Go back and try again; a link from elsewhere may have been cut off.
error-401 = Not logged in
error-401-advice = Log in and try again.
error-403 = Not allowed
error-403-advice = Your account may not do this. If the page had been open for a long time, load it again first; otherwise ask the administrator of this machine.
error-404 = Not found
error-404-advice = Check the address. What you may not see is shown as not found, too.
error-405 = Not possible here
error-405-advice = This address exists, but cannot do what was asked of it. Use the links and buttons of the pages.
error-408 = Too slow
error-408-advice = The request took too long to arrive. Try again.
error-413 = Too large
error-413-advice = Send less at once.
error-424 = Not running
error-424-advice = The server that should answer is not running. Start it from the home page.
error-429 = Too many requests
error-429-advice = Wait a little, then try again.
error-500 = Something broke
error-500-advice = This is not your fault, and it has been recorded. Try again; if it keeps happening, tell the administrator of this machine.
error-503 = Not available
error-503-advice = Wait a moment and try again. If it is your own server that does not answer, you can stop it and start it again on the home page.
error-other = That did not work
error-other-advice = Go back and try again.
# What went wrong, when nothing better is known.
error-message-503 = Your server appears to be down.
error-message-other = Something went wrong.


## Administration

admin-nav = Administration
admin-nav-users = Users
admin-nav-groups = Groups
admin-nav-hub = Hub and services
# Between the parts of a list that is too long for one page.
admin-parts = Parts of the list
admin-further = Next

admin-users-window = Users
admin-users-title = Users and servers
admin-users-none = There are no such users.
admin-users-filter-name = Part of the name
admin-users-filter-state = Show
admin-users-filter = Search
# The choices below admin-users-filter-state.
admin-users-state-any = All users
admin-users-state-active = With a server that is not stopped
admin-users-state-ready = With a running server
admin-users-state-inactive = With no server, or only stopped ones
# Before buttons that do something to the users that are ticked in the list.
admin-users-ticked = With those ticked:
admin-users-ticked-label = With those ticked
admin-users-start = Start
admin-users-stop = Stop
admin-users-make-admin = Make administrator
admin-users-unmake-admin = Make ordinary
admin-users-remove-picked = Remove …
admin-users-table = Users
admin-users-column-user = User
admin-users-column-servers = Servers
admin-users-column-active = Last active
admin-users-column-groups = Groups
# Read out after the name of the column by which the list is sorted.
admin-users-ascending = ascending
admin-users-descending = descending
# Beside the name of a user.
admin-users-admin = administrator
# In the column of servers.
admin-users-no-server = none
admin-users-default-server = default
admin-users-stopped = Stopped
admin-users-starting = Starting
admin-users-running = Running
admin-users-stopping = Stopping
admin-users-range = { $first }–{ $last } of { $total }
admin-users-earlier = Previous
admin-users-add-title = Add users
admin-users-add-lead = People are added automatically when they log in. Add them here before that to put them into groups or to share with them.
admin-users-add-names = Account names on this machine, separated by spaces
admin-users-add-admin = as administrators
admin-users-add = Add users
# Why something could not be done, on top of the page.
admin-users-tick = Tick somebody first.
admin-users-add-nobody = Enter at least one name.
# The fault is a sentence in English.
admin-users-fault = { $user }: { $fault }

admin-removal-window = Remove users
admin-removal-title = Remove these users?
admin-removal-lead = Their servers are stopped, and their tokens, shares and roles forgotten. Accounts of the machine and files stay; whoever logs in again is added again.
admin-removal-remove = Remove
admin-removal-not = Do not remove

admin-groups-title = Groups
admin-groups-none = There are no groups.
# With the names of members; of many not all.
admin-groups-members = { $count ->
        [0] Nobody is in it.
        [one] One member: { $names }
       *[other] { $count } members: { $names }
    }
admin-groups-names = User names, separated by spaces
admin-groups-add = Add
admin-groups-add-label = Add to { $group }
admin-groups-take-out = Take out
admin-groups-take-out-label = Take out of { $group }
# The name of the group is not seen, but read out.
admin-groups-remove-title = Remove { $group }
admin-groups-remove-lead = Its members lose what it gives them: permissions, and servers shared with it.
admin-groups-remove = Remove the group { $group }
admin-groups-new = A new group
admin-groups-name = Name
admin-groups-make = Make the group

admin-hub-window = Hub
admin-hub-title = Hub and services
admin-hub-figures = The hub
admin-hub-version = Version
admin-hub-uptime = Up for
admin-hub-users = Users
admin-hub-running = Servers that run
admin-hub-moving = Starting or stopping
admin-hub-memory = Memory of servers
admin-hub-database = Database
admin-hub-services = Services
admin-hub-services-none = There are none.
admin-hub-column-name = Name
admin-hub-column-state = State
admin-hub-column-address = Address
# A service of which Carrel only knows the address.
admin-hub-service-elsewhere = Not run by Carrel
admin-hub-service-starting = Starting
admin-hub-service-running = Running
admin-hub-service-failed = Failed
# Beside the name of a service.
admin-hub-service-admin = administrator
# In the column of addresses.
admin-hub-no-address = none
admin-hub-shut-down-title = Shut the hub down
admin-hub-shut-down-sure = I understand that nobody can log in or reach a server until the hub is started again
admin-hub-shut-down-servers = Stop everybody’s servers too; otherwise they keep running and the hub finds them again
admin-hub-shut-down = Shut down
admin-hub-tick = Tick the box first: nobody can log in until the hub is started again.
admin-hub-ending = The hub is shutting down.

using System.Diagnostics;
using Microsoft.Extensions.Logging;
using RocketOps.Broker.Roles;
using RocketOps.Election;
using RocketOps.Election.Epochs;
using RocketOps.Election.Leases;
using RocketOps.Election.Members;

namespace RocketOps.Broker.Failover;

/// <summary>The half that does what the rules say; each method is called on the member's loop.</summary>
internal sealed partial class FailoverMember
{
    private long _ledEpoch;
    private long _refusesSince;
    private long _handedOverEpoch;

    /// <summary>
    /// Time for which a new master asks the one that has handed over for its tables once more: messages are refused meanwhile, so it is a
    /// part, one second by default, of the time that a switchover may take.
    /// </summary>
    private TimeSpan LastTablesPatience => _group.Options.HandOverTime / 5;

    public long EpochAt(long end) => _epochs.EpochAt(end);

    public string NewIncarnation() => _files.NewId();

    public void ReadLease(long request) =>
        _calls!.Read(lease => _loop.Post(member => member.OnLeaseRead(request, lease)), () => _loop.Post(member => member.OnLeaseFailed(request)), () => _loop.Post(member => member.OnLeaseRefused(request)));

    public void WriteLease(long request, LeaseRecord record, string? expectedVersion)
    {
        if (record.Holder == _group.Options.Member && Standing.Lease is { Holder.Length: 0 } free && free.Successor == record.Holder)
        {
            _handedOverEpoch = record.Epoch;
        }

        WriteLeaseNow(request, record, expectedVersion);
    }

    private void WriteLeaseNow(long request, LeaseRecord record, string? expectedVersion) => _calls!.Write(
        record, expectedVersion, version => _loop.Post(member => member.OnLeaseWritten(request, version)), () => _loop.Post(member => member.OnLeaseFailed(request)), () => _loop.Post(member => member.OnLeaseRefused(request)));

    public void AskMembers(long round) => _questions!.Ask(answer => _loop.Post(member => member.OnAnswer(round, answer)));

    public void Persist(MemberState state) => _files.Write(state);

    public void Lead(long epoch)
    {
        Standing.EndEpoch();
        _join = null;
        _tookLeaseAt = _time.GetTimestamp();
        BeginChange(term => LeadAsync(epoch, term));
    }

    public void Follow(LeaseRecord lease)
    {
        EndLead();
        GroupJoin join = new(lease, new JoiningBroker(this, _store, _roles, _topics, _master, _questions!), _time);
        _join = join;
        _master.Forget();
        BeginChange(async term =>
        {
            if (await _roles.FollowAsync(lease.Epoch, _group.SlaveId, join) == RoleChange.Done)
            {
                LogFollows(lease.Holder, lease.Epoch, lease.HolderAddress);
            }
        });
    }

    public void StandBy()
    {
        EndLead();
        _join = null;
        _master.Forget();

        // At once, whatever change is under way; the rest follows it.
        _roles.Depose(_group.SlaveId);
        BeginChange(async term => await _roles.StandByAsync(_group.SlaveId));
    }

    /// <summary>Also in async mode: consumers see no message that another member would have to cut off.</summary>
    public void Confirm(long offset) => _store.Positions.Confirm(new PhysicalOffset(offset));

    public void PauseWrites()
    {
        Standing.Pause();
        _refusesSince = _time.GetTimestamp();
        _store.RefuseMessages();
    }

    public void ResumeWrites()
    {
        Standing.Resume();
        Standing.AddRefused(ElapsedMs(_refusesSince));
        _store.AcceptMessages();
    }

    public void Report(MemberEvent happened, string text)
    {
        switch (happened)
        {
            case MemberEvent.TookLease:
                LogTookLease(text);
                break;
            case MemberEvent.LostLease:
                LogLostLease(text);
                break;
            case MemberEvent.InSyncChanged:
                LogInSync(text);
                break;
            case MemberEvent.HandedOver:
                long refused = ElapsedMs(_refusesSince);
                LogHandedOver(text, refused);
                break;
            case MemberEvent.HandOverFailed:
                LogHandOverFailed(text);
                break;
            case MemberEvent.MayNotLead:
                LogMayNotLead(text, _group.LeaseStore);
                break;
            case MemberEvent.StandsBack:
                LogStandsBack(text);
                break;
            case MemberEvent.WentBack:
                LogWentBack(text);
                break;
            case MemberEvent.AsksForLease:
                LogAsksForLease(text);
                break;
            default:
                throw new UnreachableException($"{happened} is told nowhere");
        }
    }

    private async Task LeadAsync(long epoch, int term)
    {
        try
        {
            await _roles.LeadAsync(
                epoch,
                () => Volatile.Read(ref _term) == term,
                async start =>
                {
                    await _topics.TakeTopicsAsync(endsDeletions: false);
                    await _offsets.LeadAsync();
                    await Task.Run(() => BeginEpoch(epoch, start.Value));
                },
                start => _loop.Post(member => OnBegun(member, epoch, start.Value, term)),
                _handedOverEpoch == epoch ? LastTablesPatience : TimeSpan.Zero);
        }
        catch (Exception failure)
        {
            // Whatever it was: a lease without an epoch keeps everybody else from leading.
            LogNotBegun(failure, epoch);
            _loop.Post(member => member.OnHostFailed($"epoch {epoch} cannot begin here: {failure.Message}"));
        }
    }

    /// <summary>Begins an epoch in the history. What was announced by another master and never came is forgotten first.</summary>
    private void BeginEpoch(long epoch, long start)
    {
        EpochHistory begun = _epochs.CutTo(start).Begin(epoch, start);
        _files.Write(begun);
        _epochs = begun;
    }

    private void OnBegun(GroupMember member, long epoch, long start, int term)
    {
        if (term != _term)
        {
            return;
        }

        Standing.BeginEpoch(epoch);
        _ledEpoch = epoch;
        member.OnLeadBegun(epoch, start);
        long refused = ElapsedMs(_tookLeaseAt);
        Standing.AddRefused(refused);
        _announcements!.Leading(epoch);
        LogBegun(epoch, start, refused);
    }

    private void EndLead()
    {
        Standing.EndEpoch();
        _door.Tickets.Clear();
        if (_ledEpoch > 0)
        {
            _announcements!.Stopped(_ledEpoch);
            _ledEpoch = 0;
            Standing.EndLead();
            _ = Task.Run(_clients.LetGo);
        }
    }

    private long ElapsedMs(long since) => (long)_time.GetElapsedTime(since).TotalMilliseconds;

    /// <summary>Begins a change after the one before has ended; it is left out when a later decision has been made by then.</summary>
    private void BeginChange(Func<int, Task> change)
    {
        int term = Interlocked.Increment(ref _term);
        _changes = ChangeAsync(_changes, change, term);
    }

    private async Task ChangeAsync(Task before, Func<int, Task> change, int term)
    {
        await Task.Yield();
        await before;
        if (Volatile.Read(ref _term) != term)
        {
            return;
        }

        try
        {
            await change(term);
        }
        catch (Exception failure)
        {
            // The next decision makes another one; until then messages are refused.
            LogChangeFailed(failure);
        }
    }

    [LoggerMessage(EventId = 3651, Level = LogLevel.Information, Message = "This is member {Member} with copy {Incarnation} of {Group}; its log ends in epoch {Epoch} at {End}. The group elects its master")]
    private partial void LogJoins(string member, string incarnation, string group, long epoch, long end);

    [LoggerMessage(EventId = 3652, Level = LogLevel.Information, Message = "Elected: {What}")]
    private partial void LogTookLease(string what);

    [LoggerMessage(EventId = 3653, Level = LogLevel.Information, Message = "Epoch {Epoch} has begun at offset {Start}; messages are taken {Elapsed} ms after the lease was")]
    private partial void LogBegun(long epoch, long start, long elapsed);

    [LoggerMessage(EventId = 3654, Level = LogLevel.Warning, Message = "Not the master any more: {What}. Messages are refused, producers try again")]
    private partial void LogLostLease(string what);

    [LoggerMessage(EventId = 3655, Level = LogLevel.Information, Message = "Copies in sync have changed: {What}")]
    private partial void LogInSync(string what);

    [LoggerMessage(EventId = 3656, Level = LogLevel.Information, Message = "Handed over: {What}, {Elapsed} ms after the writes were stopped")]
    private partial void LogHandedOver(string what, long elapsed);

    [LoggerMessage(EventId = 3657, Level = LogLevel.Warning, Message = "Not handed over: {What}")]
    private partial void LogHandOverFailed(string what);

    [LoggerMessage(EventId = 3658, Level = LogLevel.Warning, Message = ""
        + "This member sees no leader of the group, and may not lead itself: {What}. This member looks for the lease at {LeaseStore}")]
    private partial void LogMayNotLead(string what, string leaseStore);

    [LoggerMessage(EventId = 3659, Level = LogLevel.Information, Message = "Follows {Holder}, the master in epoch {Epoch}, at {Address}")]
    private partial void LogFollows(string holder, long epoch, string address);

    [LoggerMessage(EventId = 3660, Level = LogLevel.Warning, Message = "The log was cut from {From} to {To}: {Holder}, which leads in epoch {Epoch}, has other messages there or none. What was cut off is kept in diverged/ below the store (rocketops store diverged)")]
    private partial void LogCut(string holder, long epoch, long from, long to);

    [LoggerMessage(EventId = 3663, Level = LogLevel.Error, Message = "A change of role failed; messages are refused until the next one")]
    private partial void LogChangeFailed(Exception failure);

    [LoggerMessage(EventId = 3665, Level = LogLevel.Information, Message = "This broker leads its group and stops; no other copy is in sync to be handed over to, so another member takes over when the lease ends")]
    private partial void LogLeavesAlone();

    [LoggerMessage(EventId = 3668, Level = LogLevel.Error, Message = "Epoch {Epoch} cannot begin here; the lease is given back, so that another member leads")]
    private partial void LogNotBegun(Exception failure, long epoch);

    [LoggerMessage(EventId = 3669, Level = LogLevel.Error, Message = "This member does not take the lease: {What}")]
    private partial void LogStandsBack(string what);

    [LoggerMessage(EventId = 3672, Level = LogLevel.Error, Message = ""
        + "This store lacks what it had: {What}. It is another copy from now on: it follows, and may lead when it has "
        + "everything that the others have")]
    private partial void LogWentBack(string what);

    [LoggerMessage(EventId = 3673, Level = LogLevel.Warning, Message = "The master is not heard: {What}")]
    private partial void LogAsksForLease(string what);

    [LoggerMessage(EventId = 3670, Level = LogLevel.Critical, Message = "The log has failed, and that cannot be noted beside it: the next start may take this store for a copy that has everything. Move it away and start this member empty")]
    private partial void LogFailureNotNoted(Exception failure);

    [LoggerMessage(EventId = 3683, Level = LogLevel.Information, Message = "{File} of member {Member} was not there or no key, and was made anew: the digest of the new key goes into the lease")]
    private partial void LogNewKey(string member, string file);

    [LoggerMessage(EventId = 3667, Level = LogLevel.Information, Message = "{Holder}, the master, was not told that this member stops: {Reason}; it waits for it until it notices")]
    private partial void LogNotLeft(string holder, string reason);
}

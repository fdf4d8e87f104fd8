using System.Net;
using Microsoft.Extensions.Logging;
using RocketOps.Broker.Failover.Leases;
using RocketOps.Broker.Replication;
using RocketOps.Election.Leases;
using RocketOps.Election.Members;
using RocketOps.Protocol.Commands;

namespace RocketOps.Broker.Failover;

/// <summary>
/// Tells the members of a group from whoever says to be one. Members' names, and which copies they have, are known to everybody; the
/// lease, which only members may write, has the digest of each one's key. Puts this member's own
/// there when it lacks it, or has another: its store may have lost the key. Thread-safe.
/// </summary>
/// <param name="leases">Where the digests are.</param>
/// <param name="calls">By which it is read and written.</param>
/// <param name="own">This member's key.</param>
/// <param name="options">Of the group.</param>
/// <param name="isOwn">Tells whether a lease is this group's: nothing is written to another group's.</param>
/// <param name="refusals">Told of whoever is refused.</param>
/// <param name="time">Measures waiting.</param>
/// <param name="logger">Told of this member's own digest.</param>
/// <param name="stopping">Ends what is waited for.</param>
internal sealed partial class MemberKeys(
    KeyedLeaseStore leases,
    LeaseCalls calls,
    MemberKey own,
    GroupOptions options,
    Func<LeaseRecord, bool> isOwn,
    RefusedMembers refusals,
    TimeProvider time,
    ILogger logger,
    CancellationToken stopping)
{
    /// <summary>Number of attempts to write the digest while others write at the same moment.</summary>
    private const int MaxAttempts = 3;

    /// <summary>
    /// Pause after the digest was written. If it is gone again it was taken out: by a person, by a second process of this name, or by a
    /// master of a version without keys that keeps the lease in a file, with each of its renewals.
    /// </summary>
    private static readonly TimeSpan AfterWritten = TimeSpan.FromMinutes(1);

    private readonly Lock _gate = new();
    private Task _look = Task.CompletedTask;
    private long? _lookedAt;
    private Task _putting = Task.CompletedTask;
    private long? _putAt;
    private TimeSpan _pause;

    // What other members said last, by their addresses; null when they took this one for itself.
    private readonly Dictionary<string, string?> _refusals = new(StringComparer.Ordinal);

    /// <summary>Name and key that this member sends with what it asks others.</summary>
    public MemberSender Own { get; } = new(options.Member, own.Text);

    /// <summary>Ends when what this member has begun to write of its key has come to an end.</summary>
    public Task Putting
    {
        get
        {
            lock (_gate)
            {
                return _putting;
            }
        }
    }

    /// <summary>
    /// Checks that a request is that member's, by the lease as it was seen last; where that does not prove it, the lease is read anew, as
    /// the digest may be a moment old, once in a renewal however many ask. Throws <see cref="RemotingCommandException"/> with what to do
    /// for whoever is refused.
    /// </summary>
    /// <param name="sender">Who it says it is; null when it does not.</param>
    /// <param name="peer">Where it came from.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task CheckAsync(MemberSender? sender, IPAddress peer, CancellationToken cancellationToken)
    {
        if (sender is not null && HasKey(sender))
        {
            return;
        }

        try
        {
            await ReadLeaseAsync().WaitAsync(options.AnswerTime, time, cancellationToken);
        }
        catch (TimeoutException)
        {
            // Who asks does not wait much longer: the lease as it was seen last has to do.
        }

        if (FindFault(sender) is var (reason, whatToDo))
        {
            refusals.Tell(peer, reason);
            throw new RemotingCommandException(ResponseCode.NoPermission, $"{reason}: {whatToDo}");
        }
    }

    /// <summary>
    /// Time has passed: puts this member's digest into the lease when it was seen without. The holder's next renewal brings it along.
    /// </summary>
    public void Tick()
    {
        if (leases.Seen is { } lease && !HasOwn(lease) && !lease.IsHeldBy(options.Member) && isOwn(lease))
        {
            _ = PutAsync();
        }
    }

    /// <summary>
    /// Another member has answered. When it does not take this one for itself, this returns when the member has made sure of its digest,
    /// so that it may ask again.
    /// </summary>
    public Task OnAnsweredAsync(string address, RemotingCommand answer)
    {
        string? refusal = answer.Code == ResponseCode.NoPermission ? answer.Remark ?? string.Empty : null;
        if (IsNews(address, refusal) && refusal is not null)
        {
            LogRefused(address, options.Member, refusal);
        }

        return refusal is null ? Task.CompletedTask : PutAsync();
    }

    private bool IsNews(string address, string? refusal)
    {
        lock (_gate)
        {
            bool isNews = _refusals.GetValueOrDefault(address) != refusal;
            if (_refusals.Count == KeyDigests.MaxEntries)
            {
                _refusals.Clear();
            }

            _refusals[address] = refusal;
            return isNews;
        }
    }

    private bool HasKey(MemberSender sender) => leases.DigestsOf(sender.Member).Any(digest => MemberKey.IsOf(sender.Key, digest));

    private bool HasOwn(LeaseRecord lease) => lease.KeyDigests.TryGetValue(options.Member, out string? digest) && digest == own.Digest;

    private bool IsOther(string member) => member != options.Member && options.Members.Contains(member, StringComparer.Ordinal);

    /// <summary>Null for a member. The reason has nothing of what a stranger sent: it goes into the log.</summary>
    private (string Reason, string WhatToDo)? FindFault(MemberSender? sender)
    {
        if (sender is null)
        {
            // Who does not say may be any member that has no key yet.
            return options.Members.Any(member => IsOther(member) && leases.DigestsOf(member).Count == 0)
                ? null
                : ("it does not say which member of this group it is, and all of them have keys", "a member of a version without keys comes back by taking its entry out of the lease's key digests (docs/replication.md)");
        }

        if (leases.DigestsOf(sender.Member).Count == 0)
        {
            // The lease vouches for members that this one's configuration does not list yet; without it the list has to.
            return IsOther(sender.Member) ? null : ("the name that it gives is that of no other member", $"'{sender.Member}' is no other member of this group; compare groupMembers of all members");
        }

        return HasKey(sender)
            ? null
            : ($"it is not member {(IsOther(sender.Member) ? sender.Member : "of that name")}, or has not the key whose digest the lease has",
                $"a member that has lost its {MemberKey.FileName} writes the digest of its new one into the lease and asks again; one of a version without keys comes back by taking its entry out of the lease's key digests (docs/replication.md)");
    }

    private Task ReadLeaseAsync()
    {
        lock (_gate)
        {
            if (_look.IsCompleted && (_lookedAt is not { } looked || time.GetElapsedTime(looked) >= options.Lease.Renew))
            {
                _lookedAt = time.GetTimestamp();
                _look = AskAsync<VersionedLease>((done, failed) => calls.Read(done, failed));
            }

            return _look;
        }
    }

    private Task PutAsync()
    {
        lock (_gate)
        {
            if (_putting.IsCompleted && (_putAt is not { } put || time.GetElapsedTime(put) >= _pause))
            {
                _putAt = time.GetTimestamp();
                _pause = options.Lease.Renew;
                _putting = PutNowAsync();
            }

            return _putting;
        }
    }

    private async Task PutNowAsync()
    {
        for (int attempt = 0; attempt < MaxAttempts; attempt++)
        {
            if (await AskAsync<VersionedLease>((done, failed) => calls.Read(done, failed)) is not (true, { } lease) || HasOwn(lease.Record) || !isOwn(lease.Record))
            {
                return;
            }

            // The same record: others take it for no renewal.
            bool replaces = lease.Record.KeyDigests.ContainsKey(options.Member);
            (bool isAnswered, string? version) = await AskAsync<string>((done, failed) => calls.Write(lease.Record, lease.Version, done, failed));
            if (!isAnswered)
            {
                return;
            }

            if (version is not null)
            {
                lock (_gate)
                {
                    _pause = AfterWritten;
                }

                LogPut(options.Member, replaces ? "in place of another key's" : "which had none of it");
                return;
            }
        }
    }

    /// <summary>Asks the lease store. Returns whether it has answered, and what.</summary>
    private async Task<(bool IsAnswered, T? Value)> AskAsync<T>(Action<Action<T?>, Action> call)
        where T : class
    {
        TaskCompletionSource<(bool, T?)> answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
        call(said => answer.TrySetResult((true, said)), () => answer.TrySetResult((false, null)));
        try
        {
            return await answer.Task.WaitAsync(stopping);
        }
        catch (OperationCanceledException)
        {
            // This member stops.
            return (false, null);
        }
    }

    [LoggerMessage(EventId = 3680, Level = LogLevel.Information, Message = "The digest of the key of {Member}, this member, was put into the lease, {Before}")]
    private partial void LogPut(string member, string before);

    [LoggerMessage(EventId = 3681, Level = LogLevel.Warning, Message = "{Address} does not take this member for {Member}, which asks again when the lease has the digest of its key: {Remark}")]
    private partial void LogRefused(string address, string member, string remark);
}

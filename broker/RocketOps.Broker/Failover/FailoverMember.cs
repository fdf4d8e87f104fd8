using System.Net;
using Microsoft.Extensions.Logging;
using RocketOps.Broker.Configuration;
using RocketOps.Broker.Failover.Leases;
using RocketOps.Broker.Offsets;
using RocketOps.Broker.Replication;
using RocketOps.Broker.Replication.Master;
using RocketOps.Broker.Replication.Slave;
using RocketOps.Broker.Roles.Sessions;
using RocketOps.Broker.Topics;
using RocketOps.Election;
using RocketOps.Election.Epochs;
using RocketOps.Election.Leases;
using RocketOps.Election.Members;
using RocketOps.Hosting.Hosts;
using RocketOps.Hosting.Properties;
using RocketOps.Protocol.Commands;
using RocketOps.Store;
using RocketOps.Store.Contracts;
using RocketOps.Store.Files;

namespace RocketOps.Broker.Failover;

/// <summary>
/// This broker as a member of a group that elects its master: gives the rules (<see cref="GroupMember"/>) a store, a clock and a network,
/// and does what they say. They are called on one thread, which
/// waits for nothing but the small files of a promise; changes of role follow each other beside it, and one that a later decision has
/// overtaken is left out. Thread-safe.
/// </summary>
internal sealed partial class FailoverMember : IMemberHost, IAsyncDisposable
{
    /// <summary>Ticks in each renewal.</summary>
    private const int TicksPerRenewal = 8;

    private readonly BrokerSettings _settings;
    private readonly ElectionSettings _group;
    private readonly MessageStore _store;
    private readonly RoleManager _roles;
    private readonly TopicRecovery _topics;
    private readonly OffsetRecovery _offsets;
    private readonly MasterAddresses _master;
    private readonly ClientsOfMaster _clients;
    private readonly HaListener _ha;
    private readonly MemberFiles _files;
    private readonly HostResolver _resolver;
    private readonly RefusedMembers _refusedMembers;
    private readonly ILoggerFactory _loggers;
    private readonly ILogger _logger;
    private readonly TimeProvider _time;
    private readonly MemberLoop _loop;
    private readonly MasterDoor _door;
    private readonly CancellationTokenSource _stopping = new();
    private volatile EpochHistory _epochs = EpochHistory.Empty;
    private volatile GroupJoin? _join;
    private OpenLeaseStore? _leases;
    private LeaseCalls? _calls;
    private volatile MemberKeys? _keys;
    private MemberQuestions? _questions;
    private AnnouncementLoop? _announcements;
    private ITimer? _ticks;
    private Task _growth = Task.CompletedTask;
    private int _ticking;
    private int _growing;

    // The number of the newest decision on the role; changes compare theirs with it.
    private int _term;
    private Task _changes = Task.CompletedTask;

    // Only the loop touches these.
    private long _tookLeaseAt;

    private volatile bool _stopped;

    // The copy that this member hands over to as it stops, and whether that one has said since that it stops, too.
    private volatile string? _successor;
    private volatile bool _hasSuccessorLeft;
    private int _notedFailure;
    private Task _noting = Task.CompletedTask;
    private Task _leaving = Task.CompletedTask;

    public FailoverMember(
        BrokerSettings settings, MessageStore store, MemberLoop loop, MasterDoor door, HaListener ha, MasterChange change, MemberFiles files, HostResolver resolver, ILoggerFactory loggers, TimeProvider time)
    {
        _settings = settings;
        _group = settings.Current.Group ?? throw new ArgumentException("people say who the master is", nameof(settings));
        _store = store;
        _loop = loop;
        Standing = loop.Standing;
        _door = door;
        _ha = ha;
        _roles = change.Roles;
        _topics = change.Topics;
        _offsets = change.Offsets;
        _master = change.Master;
        _clients = change.Clients;
        _files = files;
        _resolver = resolver;
        _loggers = loggers;
        _logger = loggers.CreateLogger<FailoverMember>();
        _time = time;
        _refusedMembers = new RefusedMembers(time, _logger);
    }

    /// <summary>Standing of this member, as others see it.</summary>
    public MemberStanding Standing { get; }

    public EpochHistory Epochs => _epochs;

    /// <summary>The epoch whose master this member has stood in for last; 0 when it never has.</summary>
    public long StandsInFor { get; private set; }

    public LogEnd LogEnd
    {
        get
        {
            long end = _store.Positions.Get(_store.Positions.VisibleAt).Value;
            return new LogEnd(_epochs.EpochAt(end), end);
        }
    }

    public long AppendedEnd => _store.Positions.Appended.Value;

    public LogEnd Confirmed
    {
        get
        {
            long end = Math.Min(_store.Positions.Get(LogPosition.Replicated).Value, AppendedEnd);
            return new LogEnd(_epochs.EpochAt(end), end);
        }
    }

    public bool WaitsForDisk => !HasStoreFailed && (LogEnd.Offset < AppendedEnd || _store.Writer.WaitsForRoom);

    public bool HasRoom => (_store.Flags & StoreFlags.DiskFull) == StoreFlags.None;

    public TimeSpan MasterSilence => _join?.MasterSilence ?? TimeSpan.MaxValue;

    private bool HasStoreFailed => _store.FindFailure() != StoreFlags.None;

    /// <summary>
    /// Begins to take part. Once, when the server and the replication port are open. Throws <see cref="InvalidDataException"/> with what
    /// to do when a file beside the store is damaged,
    /// <see cref="StoreIOException"/> when the disk fails.
    /// </summary>
    public async Task StartAsync()
    {
        (MemberState state, _epochs) = await Task.Run(
            () => _files.Load(_store.Continuity, _store.Options.FlushDiskType, _store.GetStats().MinOffset.Value, _store.Positions.Appended.Value));
        _store.WhenLogFails = NoteFailure;
        if ((_store.Flags & StoreFlags.NotWriteable) != StoreFlags.None)
        {
            NoteFailure();
        }

        PropertyValues values = _settings.Current.Values;
        _leases = LeaseStores.Open(
            _group.LeaseStore, new LeaseStoreContext(_group.Options, values.Get(ElectionSettings.Keys.KubernetesCredentials), values.Get(ElectionSettings.Keys.MasterSlice), _loggers, _time));
        (MemberKey key, bool wasThere) = await Task.Run(_files.LoadKey);
        if (!wasThere && state.GroupId.Length > 0)
        {
            LogNewKey(_group.Options.Member, MemberKey.FileName);
        }

        KeyedLeaseStore leases = new(_leases.Leases, _group.Options.Member, key.Digest, _group.Options.Members);
        _calls = new LeaseCalls(leases, _group.Options.Lease, new Random(), _time, _logger);
        GroupMember member = new(_group.Options, state, this, _time);
        MemberKeys keys = new(leases, _calls, key, _group.Options, member.IsOwn, _refusedMembers, _time, _logger, _stopping.Token);
        _keys = keys;
        Standing.Identify(keys.Own);
        _questions = new MemberQuestions(_settings, keys, _resolver, _loggers, _time);
        _announcements = new AnnouncementLoop(_leases.Announcement, _time, _logger);
        Standing.TakePart(member);
        LogJoins(_group.Options.Member, state.Incarnation, state.GroupId.Length == 0 ? "no group yet" : state.GroupId, LogEnd.Epoch, LogEnd.Offset);
        _loop.Start();
        TimeSpan period = _group.Options.Lease.Renew / TicksPerRenewal;
        _ticks = _time.CreateTimer(static state => ((FailoverMember)state!).PostTick(), this, TimeSpan.Zero, period);
        _calls.Watch(lease => _loop.Post(member => member.OnLeaseWatched(lease)), () => _loop.Post(static member => member.OnLeaseMayHaveChanged()));
        _growth = FollowGrowthAsync();
    }

    /// <summary>
    /// Returns for a member of the group. Throws <see cref="RemotingCommandException"/> with what to say to anybody else.
    /// </summary>
    public Task CheckSenderAsync(MemberSender? sender, IPAddress peer, CancellationToken cancellationToken)
    {
        // At every start of a group its members ask each other before all of them are so far: they are refused, and nothing is wrong.
        MemberKeys keys = _keys ?? throw MemberStanding.NotStarted();
        return keys.CheckAsync(sender, peer, cancellationToken);
    }

    public Task<MemberAnswer> DescribeAsync(CancellationToken cancellationToken) => AskAsync(static member => member.Describe(), cancellationToken);

    /// <summary>Which copy this is, the group its store belongs to, and what it knows to be confirmed.</summary>
    public Task<(MemberCopy Copy, string GroupId, LogEnd Confirmed)> IdentifyAsync(CancellationToken cancellationToken) =>
        AskAsync(member => (new MemberCopy(_group.Options.Member, member.State.Incarnation), member.State.GroupId, Confirmed),
            cancellationToken);

    /// <summary>Hands over to a member; false when this one does not lead, or that one is not in sync.</summary>
    public Task<bool> HandOverAsync(string target, bool leaves, CancellationToken cancellationToken) => AskAsync(member => member.HandOverTo(target, leaves), cancellationToken);

    /// <summary>
    /// Begins to hand over to that member, or to the copy in sync that has most. Returns who it is and the epoch that ends. Throws
    /// <see cref="RemotingCommandException"/> with what to say when
    /// nothing is handed over.
    /// </summary>
    public Task<(string Target, long Epoch)> BeginHandOverAsync(string? wanted, CancellationToken cancellationToken) => AskAsync(
        member =>
        {
            if (member is not { LeadingEpoch: { } epoch, Lease: { } lease })
            {
                string master = member.Lease is { Holder.Length: > 0 } held ? $"{held.Holder} at {held.HolderAddress} does, ask it" : "nobody does";
                throw new RemotingCommandException(ResponseCode.ServiceNotAvailable, $"{_group.Options.Member} does not lead {_settings.Current.BrokerName}: {master}");
            }

            if (!member.RenewsLease)
            {
                throw Refused($"{_group.Options.Member} does not reach the lease of {_settings.Current.BrokerName}, and goes on without it as every copy in sync follows: it cannot be handed over now");
            }

            string[] others = [.. lease.InSync.Select(static copy => copy.Member).Where(name => name != _group.Options.Member)];
            string inSync = others.Length == 0 ? "no other member is" : $"in sync are {string.Join(", ", others)}";
            string target = wanted
                ?? _door.Tickets.FindFollowers(epoch).FirstOrDefault(lease.InSync.Contains).Member
                ?? throw Refused($"no other member of {_settings.Current.BrokerName} is in sync, so nobody could lead instead");
            if (target == _group.Options.Member)
            {
                throw Refused($"{target} leads already");
            }

            if (!_group.Options.Members.Contains(target, StringComparer.Ordinal))
            {
                throw Refused($"'{target}' is no member of {_settings.Current.BrokerName}; its members are {string.Join(", ", _group.Options.Members)} (groupMembers)");
            }

            if (!others.Contains(target, StringComparer.Ordinal))
            {
                throw Refused($"{target} is not in sync, so nothing is handed over to it; {inSync}");
            }

            return member.HandOverTo(target) ? (target, epoch) : throw Refused("a hand-over is under way already; see who leads in a moment");
        },
        cancellationToken);

    private static RemotingCommandException Refused(string why) => new(ResponseCode.SystemError, why);

    /// <inheritdoc cref="MasterDoor.LetIn"/>
    public Task<JoinAnswer> AcceptAsync(JoinRequest join, CancellationToken cancellationToken) => AskAsync(
        member => _door.LetIn(member, join, Standing.BegunEpoch, new LogExtent(_epochs, _store.GetStats().MinOffset.Value, _store.Positions.Appended.Value), _ha.Port), cancellationToken);

    /// <inheritdoc cref="GroupJoin.Plan"/>
    public Task<JoinPlan> PlanAsync(LeaseRecord lease, LogExtent own, JoinAnswer master, CancellationToken cancellationToken) =>
        AskAsync(member => GroupJoin.Plan(member, lease, own, master), cancellationToken);

    /// <summary>This log is a copy of that group's from now on; durable on return.</summary>
    public async Task NoteJoinedAsync(EpochHistory epochs, string groupId, CancellationToken cancellationToken)
    {
        await Task.Run(() => _files.Write(epochs), CancellationToken.None);
        _epochs = epochs;
        await AskAsync(
            member =>
            {
                member.OnJoined(groupId);
                return true;
            },
            cancellationToken);
    }

    /// <summary>
    /// The master that this member follows has ended, and nobody else leads before its lease has. The first of those that may lead next
    /// takes the master's address meanwhile: what is asked there waits for the next master
    /// (<see cref="MasterForwarder"/>) instead of being refused. False when that is not this member, as far as it has seen the lease.
    /// </summary>
    public Task<bool> TryStandInAsync(LeaseRecord gone, CancellationToken cancellationToken) => AskAsync(
        member =>
        {
            if (member.HeldEpoch is not null || member.Lease is not { } lease || lease.Epoch != gone.Epoch || lease.Holder != gone.Holder
                || lease.InSync.FirstOrDefault(copy => copy.Member != gone.Holder).Member != _group.Options.Member)
            {
                return false;
            }

            StandsInFor = gone.Epoch;
            _announcements!.StandingIn(gone.Epoch);
            return true;
        },
        cancellationToken);

    public void TellCut(LeaseRecord lease, long from, long to) => LogCut(lease.Holder, lease.Epoch, from, to);

    public void TellNotLeft(LeaseRecord lease, string reason) => LogNotLeft(lease.Holder, reason);

    /// <inheritdoc cref="MasterDoor.LetGo"/>
    public Task<bool> LetGoAsync(JoinRequest left, long ticket, CancellationToken cancellationToken) => AskAsync(
        member =>
        {
            _door.LetGo(member, left, ticket);
            _hasSuccessorLeft |= left.Copy.Incarnation == _successor;
            return true;
        },
        cancellationToken);

    /// <summary>
    /// Prepares a planned stop. A master hands over to the copy in sync that has most, and this returns when somebody else may lead or the
    /// time for it is over; a follower tells its master.
    /// </summary>
    public async Task LeaveAsync()
    {
        GroupMember? member = Standing.Member;
        if (member is { LeadingEpoch: { } epoch, Lease: { } lease })
        {
            await LeaveAsMasterAsync(epoch, lease.InSync);
        }
        else if (member is not null && _join is { } join)
        {
            await join.LeaveAsync(_stopping.Token);
        }
    }

    private async Task LeaveAsMasterAsync(long epoch, IReadOnlyList<MemberCopy> inSync)
    {
        MemberCopy target = _door.Tickets.FindFollowers(epoch).FirstOrDefault(inSync.Contains);
        _successor = target.Incarnation;
        if (target.Member is null || !await HandOverAsync(target.Member, leaves: true, _stopping.Token))
        {
            LogLeavesAlone();
            return;
        }

        long since = _time.GetTimestamp();
        while ((Standing.Leads || Standing.Lease?.Holder == _group.Options.Member) && _time.GetElapsedTime(since) < _group.Options.HandOverTime * 2)
        {
            if (_hasSuccessorLeft)
            {
                // All members stop at once, as those of a cluster that is deleted do: nobody takes over.
                LogLeavesAlone();
                return;
            }

            await Task.Delay(_group.Options.Lease.Renew / TicksPerRenewal, _time, _stopping.Token);
        }
    }

    /// <summary>
    /// Takes no part any more. Without <see cref="LeaveAsync"/> before, as if the process had died: the lease ends by itself.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        if (_stopped)
        {
            return;
        }

        _stopped = true;
        await _stopping.CancelAsync();
        if (_ticks is not null)
        {
            await _ticks.DisposeAsync();
        }

        await _loop.DisposeAsync();

        // Nobody decides any more: nothing more is taken or acknowledged.
        Standing.TakeNoPart();
        _store.Positions.GiveUpReplication();
        await (_calls?.DisposeAsync() ?? ValueTask.CompletedTask);
        await (_keys?.Putting ?? Task.CompletedTask);
        await _growth;
        await _changes;
        await _leaving;
        await _noting;
        await (_announcements?.DisposeAsync() ?? ValueTask.CompletedTask);
        await (_leases?.DisposeAsync() ?? ValueTask.CompletedTask);
        await (_questions?.DisposeAsync() ?? ValueTask.CompletedTask);
        _stopping.Dispose();
    }

    private Task<T> AskAsync<T>(Func<GroupMember, T> ask, CancellationToken cancellationToken) => _loop.AskAsync(ask, cancellationToken);

    /// <summary>Has the member look at once, unless it is about to: what the timer does.</summary>
    internal void PostTick()
    {
        if (Interlocked.Exchange(ref _ticking, 1) == 0)
        {
            _loop.Post(Tick);
        }
    }

    private void Tick(GroupMember member)
    {
        Volatile.Write(ref _ticking, 0);
        if (HasStoreFailed)
        {
            // With each tick anew: a lease that it took would only keep others from it.
            member.OnHostFailed($"the store has failed ({_store.Flags}); this broker is to be started again");
            LeaveForGood();
        }

        member.Tick();
        _keys!.Tick();
        Standing.Tick();
    }

    /// <summary>Leaves the master, which is not to count on this follower any longer: what it has acknowledged may be gone.</summary>
    private void LeaveForGood()
    {
        if (Standing.HasFailed)
        {
            return;
        }

        Standing.Fail();
        if (_join is { } join)
        {
            _join = null;
            _master.Forget();
            _leaving = LeaveFailedAsync(join);
            BeginChange(async term => await _roles.StandByAsync(_group.SlaveId));
        }
    }

    private async Task LeaveFailedAsync(GroupJoin join)
    {
        try
        {
            await join.LeaveAsync(_stopping.Token);
        }
        catch (OperationCanceledException)
        {
            // The member stops: its connections end, which tells the master as much.
            return;
        }
    }

    /// <summary>
    /// Notes the failure. Called by the thread that met it, which may drive connections. A failure that comes while the store is closed is
    /// noted before that ends.
    /// </summary>
    private void NoteFailure()
    {
        if (Interlocked.Exchange(ref _notedFailure, 1) != 0)
        {
            return;
        }

        if (_stopped)
        {
            WriteFailure();
        }
        else
        {
            _noting = Task.Run(WriteFailure);
        }
    }

    private void WriteFailure()
    {
        try
        {
            _files.NoteFailure();
        }
        catch (StoreIOException failure)
        {
            LogFailureNotNoted(failure);
        }
    }

    /// <summary>
    /// Followers acknowledge what is visible here; only a master that is alone, or whose own flush comes last, learns from this.
    /// </summary>
    private async Task FollowGrowthAsync()
    {
        try
        {
            Task growth = _store.Growth.Next();
            while (true)
            {
                await growth.WaitAsync(_stopping.Token);

                // Wished for before the member looks: what moves while it does is looked at again.
                growth = _store.Growth.Next();
                if (Standing.HeldEpoch > 0 && Interlocked.Exchange(ref _growing, 1) == 0)
                {
                    _loop.Post(member =>
                    {
                        Volatile.Write(ref _growing, 0);
                        member.OnLogGrown();
                    });
                }
            }
        }
        catch (OperationCanceledException)
        {
            // This member stops.
        }
    }
}

/// <summary>Parts of the broker that change when its group has another master.</summary>
/// <param name="Roles">Role of this broker.</param>
/// <param name="Topics">Topics that a new master finds in its log.</param>
/// <param name="Offsets">Offsets of consumers that a new master finds, or misses.</param>
/// <param name="Master">Address of whoever is followed.</param>
/// <param name="Clients">Clients that came for a master.</param>
internal sealed record MasterChange(RoleManager Roles, TopicRecovery Topics, OffsetRecovery Offsets, MasterAddresses Master,
    ClientsOfMaster Clients);

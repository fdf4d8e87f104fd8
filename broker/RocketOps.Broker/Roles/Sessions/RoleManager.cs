using System.Text;
using Microsoft.Extensions.Logging;
using RocketOps.Broker.Offsets;
using RocketOps.Broker.Pulling;
using RocketOps.Broker.Replication.Slave;
using RocketOps.Broker.Timers;
using RocketOps.Broker.Transactions;
using RocketOps.Protocol.Names;
using RocketOps.Store;
using RocketOps.Store.ConsumeQueues;
using RocketOps.Store.Contracts;
using RocketOps.Store.Dispatching;
using RocketOps.Store.Dump;

namespace RocketOps.Broker.Roles.Sessions;

/// <summary>
/// Changes the role of the running broker: its process, server and connections stay, the <see cref="RoleSession"/> of the master begins or ends. Changes happen one
/// at a time; which of them still counts, whoever asks for it knows. Thread-safe.
/// <para>
/// A slave refuses sends in two places. Handlers ask <see cref="CurrentRole"/> and refuse before they do anything; the store refuses under its append lock, which stops
/// the sends that had passed the handler's check. So when <see cref="Depose"/> has returned, the end of the log does not move by a message any more.
/// </para>
/// </summary>
internal sealed partial class RoleManager : IMessageArrivedObserver, IAsyncDisposable
{
    private readonly CurrentRole _role;
    private readonly MessageStore _store;
    private readonly DelayOffsetTable _delayOffsets;
    private readonly CheckProgress _checks;
    private readonly TimerTable _timers;
    private readonly ParkedPulls _parkedPulls;
    private readonly Func<RoleSession> _newSession;
    private readonly Func<IGroupJoin?, SlaveSession> _newSlaveSession;
    private readonly ILogger<RoleManager> _logger;
    private readonly SemaphoreSlim _changes = new(1);

    // Held for the moments in which a broker begins or ends to take messages.
    private readonly Lock _taking = new();
    private volatile RoleSession? _session;
    private volatile SlaveSession? _slaveSession;
    private bool _stopped;

    public RoleManager(
        CurrentRole role,
        MessageStore store,
        DelayOffsetTable delayOffsets,
        CheckProgress checks,
        TimerTable timers,
        ParkedPulls parkedPulls,
        Func<RoleSession> newSession,
        Func<IGroupJoin?, SlaveSession> newSlaveSession,
        ILogger<RoleManager> logger)
    {
        _role = role;
        _store = store;
        _delayOffsets = delayOffsets;
        _checks = checks;
        _timers = timers;
        _parkedPulls = parkedPulls;
        _newSession = newSession;
        _newSlaveSession = newSlaveSession;
        _logger = logger;
    }

    /// <summary>Tells name servers of a change; awaited as the last step of one, so it is bounded in time by whoever sets it.</summary>
    public Func<Task>? Changed { get; set; }

    /// <summary>Session of the master; null on a slave.</summary>
    internal RoleSession? Session => _session;

    /// <summary>Session of a slave; null on a master.</summary>
    internal SlaveSession? SlaveSession => _slaveSession;

    /// <summary>Begins the configured role; the member of a group that elects its master has none yet and stands by. Call once, before the server takes requests.</summary>
    public void Start(bool standsBy = false)
    {
        if (standsBy)
        {
            _store.RefuseMessages();
        }
        else if (_role.IsMaster)
        {
            BeginSession();
        }
        else
        {
            _store.RefuseMessages();
            BeginSlaveSession(join: null);
        }
    }

    /// <summary>
    /// An elected master ends to be one: from the return on no message is taken, and whoever waits for other members is told to send again. What else ends with the role is left to
    /// <see cref="StandByAsync"/> or <see cref="FollowAsync"/>. Does not wait.
    /// </summary>
    public void Depose(long slaveId)
    {
        lock (_taking)
        {
            RoleTerm term = _role.Term;
            _role.Change(new RoleTerm(IsMaster: false, slaveId, term.Epoch));
            _store.RefuseMessages();
        }

        _store.Positions.GiveUpReplication();
    }

    /// <summary>Follows nobody and leads nobody: nobody is known to lead the group. Serves reads.</summary>
    public Task<RoleChange> StandByAsync(long slaveId) => BecomeFollowerAsync(slaveId, epoch: null, join: null);

    /// <summary>Follows the elected master of that epoch, which <paramref name="join"/> asks first.</summary>
    public Task<RoleChange> FollowAsync(long epoch, long slaveId, IGroupJoin? join) => BecomeFollowerAsync(slaveId, epoch, join);

    /// <summary>
    /// This member was elected. When the task completes, new messages go on behind everything in the log, of which consumers see what all copies in sync have, the epoch has begun and messages are taken, or <paramref name="isCurrent"/> has said that somebody else
    /// was elected meanwhile (<see cref="RoleChange.StaleEpoch"/>). Throws <see cref="StoreException"/> or <see cref="IOException"/>, and takes nothing, when the store has failed or the epoch cannot be noted.
    /// </summary>
    /// <param name="epoch">The epoch.</param>
    /// <param name="isCurrent">Asked at the moment from which on messages are taken.</param>
    /// <param name="beginAsync">Notes durably that the epoch begins at that offset, the end of the log.</param>
    /// <param name="taking">Told when messages are taken, before name servers are.</param>
    /// <param name="tablesPatience">For so long the tables of the master before are asked for once more; zero when it has not handed over.</param>
    public async Task<RoleChange> LeadAsync(long epoch, Func<bool> isCurrent, Func<PhysicalOffset, Task> beginAsync, Action<PhysicalOffset> taking, TimeSpan tablesPatience = default)
    {
        await _changes.WaitAsync();
        try
        {
            if (_stopped)
            {
                return RoleChange.Stopping;
            }

            // Also when this member led before: what ran under the old epoch must not act under the new one, and its messages belong to the old one.
            _store.RefuseMessages();
            if (tablesPatience > TimeSpan.Zero && _slaveSession is { } follower)
            {
                _slaveSession = null;
                await follower.EndAfterHandOverAsync(tablesPatience);
            }

            await EndSessionAsync();
            await _store.PrepareForMessagesAsync();
            PhysicalOffset start = _store.Positions.Appended;
            await beginAsync(start);
            await _checks.BeginAsync(CancellationToken.None);
            lock (_taking)
            {
                if (!isCurrent())
                {
                    return RoleChange.StaleEpoch;
                }

                _store.AcceptMessages();
                _role.Change(new RoleTerm(IsMaster: true, BrokerId: 0, epoch));
            }

            BeginSession();
            taking(start);
            await TellAsync();
            LogMaster(epoch);
            return RoleChange.Done;
        }
        finally
        {
            _changes.Release();
        }
    }

    /// <summary>
    /// Cuts the log of a slave where it parts from its elected master's, and keeps what is cut off. To be called from within the slave's session, which is what alone appends; the session ends no
    /// sooner than the cut. Throws <see cref="StoreException"/>, and has changed nothing, when no record begins there.
    /// </summary>
    public async Task CutAsFollowerAsync(PhysicalOffset offset)
    {
        await CutAsync(offset);
        await PersistProgressAsync();
    }

    public void OnArrived(in MessageArrival message)
    {
        _session?.OnArrived(message);
        _slaveSession?.OnArrived(message);
    }

    public void OnRoundCompleted()
    {
        // Sessions act on single messages.
    }

    /// <summary>Ends the session; the role stays, and can no longer be changed.</summary>
    public async ValueTask DisposeAsync()
    {
        await _changes.WaitAsync();
        try
        {
            _stopped = true;
            await EndSessionAsync();
        }
        finally
        {
            _changes.Release();
        }
    }

    private async Task<RoleChange> BecomeFollowerAsync(long slaveId, long? epoch, IGroupJoin? join)
    {
        await _changes.WaitAsync();
        try
        {
            if (_stopped)
            {
                return RoleChange.Stopping;
            }

            Depose(slaveId);
            bool led = _session is not null;
            Task told = led ? TellAsync() : Task.CompletedTask;
            await EndSessionAsync();
            if (led)
            {
                await PersistProgressAsync();
            }

            if (epoch is { } followed)
            {
                _role.Change(new RoleTerm(IsMaster: false, slaveId, followed));
                BeginSlaveSession(join);
            }

            await told;
            if (led)
            {
                LogSlave(_role.Term.Epoch, slaveId);
            }

            return RoleChange.Done;
        }
        finally
        {
            _changes.Release();
        }
    }

    // Before its start, so that no message that arrives meanwhile is missed.
    private void BeginSession()
    {
        RoleSession session = _newSession();
        _session = session;
        session.Start();
    }

    private void BeginSlaveSession(IGroupJoin? join)
    {
        SlaveSession session = _newSlaveSession(join);
        _slaveSession = session;
        session.Start();
    }

    private async Task EndSessionAsync()
    {
        if (_slaveSession is { } slave)
        {
            _slaveSession = null;
            await slave.DisposeAsync();
        }

        if (_session is { } session)
        {
            _session = null;
            await session.DisposeAsync();
        }
    }

    /// <summary>Nobody appends any more, and nobody delivers.</summary>
    private async Task CutAsync(PhysicalOffset offset)
    {
        await _store.TruncateAsync(offset, DivergedLog.DirectoryName, CancellationToken.None);
        StoreTopic schedule = _store.GetOrAddTopic(Encoding.UTF8.GetBytes(TopicNames.Schedule));
        await _delayOffsets.CutAsync(offset, level => _store.Reader.GetOffsetsAsync(schedule, level - 1, CancellationToken.None));
        _checks.Cut(offset);
        await _timers.CutAsync(offset, CancellationToken.None);
        _parkedPulls.OnLogCut();
    }

    private async Task PersistProgressAsync()
    {
        try
        {
            await _delayOffsets.PersistAsync();
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // Not a reason to stay master: whoever delivers next repeats what was delivered since the last write.
            LogProgressNotWritten(failure);
        }
    }

    private Task TellAsync() => Changed?.Invoke() ?? Task.CompletedTask;

    [LoggerMessage(EventId = 3501, Level = LogLevel.Information, Message = "This broker is the master of its group in epoch {Epoch}")]
    private partial void LogMaster(long epoch);

    [LoggerMessage(EventId = 3502, Level = LogLevel.Information, Message = "This broker is a slave in epoch {Epoch}, with id {BrokerId}: it serves reads and refuses messages")]
    private partial void LogSlave(long epoch, long brokerId);

    [LoggerMessage(EventId = 3503, Level = LogLevel.Error, Message = "Writing delayOffset.json at the change to slave failed; delayed messages delivered since it was last written may be delivered again")]
    private partial void LogProgressNotWritten(Exception failure);
}

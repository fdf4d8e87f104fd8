using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using RocketOps.Broker.Configuration;
using RocketOps.Broker.Replication.Frames;
using RocketOps.Hosting.Hosts;
using RocketOps.Store;
using RocketOps.Store.Contracts;

namespace RocketOps.Broker.Replication.Slave;

/// <summary>
/// A slave's side of replication: keeps a connection to the master's replication port, appends what comes to this store and tells the master how far it has it. Never changes
/// what the store has: a master whose log does not continue it is refused, again and again, until somebody does what the log line says. Source: store.md §7.1.
/// </summary>
internal sealed partial class LogFollower : IAsyncDisposable
{
    /// <summary>Reason given by a slave whose store has failed.</summary>
    public const string StoreFailed = "the store has failed, and may have lost what this copy acknowledged: it follows nobody until this broker is started again";

    private const int ReceiveBytes = 256 * 1024;

    private static readonly TimeSpan FirstRetry = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LongestRetry = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LongestRetryInGroup = TimeSpan.FromSeconds(1);

    // A master that has just been elected says "not yet" until its epoch has begun, and takes no messages until followers have come: each pause here is one of the producers'.
    private static readonly TimeSpan RetryOfElected = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan BeginningOfEpoch = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan ConnectPatience = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan RoomRetry = TimeSpan.FromMilliseconds(200);

    private readonly BrokerSettings _settings;
    private readonly CurrentOptions<ReplicationOptions> _options;
    private readonly MessageStore _store;
    private readonly MasterAddresses _master;
    private readonly MasterCheck _check;
    private readonly HostResolver _resolver;
    private readonly Following _following;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly TransferRate _rate;
    private readonly CancellationTokenSource _stopping = new();
    private Task _running = Task.CompletedTask;
    private string _connected = string.Empty;
    private string _lastFailure = string.Empty;
    private long _heardAtMs;
    private SlaveReports? _reports;

    public LogFollower(BrokerSettings settings, CurrentOptions<ReplicationOptions> options, MessageStore store, MasterAddresses master, MasterCheck check, HostResolver resolver, Following following, TimeProvider time, ILogger logger)
    {
        _settings = settings;
        _options = options;
        _store = store;
        _master = master;
        _check = check;
        _resolver = resolver;
        _following = following;
        _time = time;
        _logger = logger;
        _rate = new TransferRate(time);
    }

    /// <summary>Asks an elected master to be followed; null where people say who the master is.</summary>
    public IGroupJoin? Join { get; init; }

    /// <summary>Name of an elected master, else its address: where an elected one serves slaves is not known before it was asked.</summary>
    private string MasterName => Join?.Master ?? (_master.Ha is { Length: > 0 } address ? address : "a master that is not known any more");

    private TimeSpan LongestPause => Join is null ? LongestRetry : LongestRetryInGroup;

    /// <summary>The master whose log comes at this moment; empty when none does.</summary>
    public string Connected => Volatile.Read(ref _connected);

    public long BytesPerSecond => _rate.LastSecond;

    public long BytesReceived => _rate.Total;

    /// <summary>Time when something came last, in milliseconds since 1970; 0 for never.</summary>
    public long HeardAtMs => Volatile.Read(ref _heardAtMs);

    /// <summary>Time when the master was told something last, in milliseconds since 1970; 0 for never over the newest connection.</summary>
    public long ToldAtMs => Volatile.Read(ref _reports)?.ToldAtMs ?? 0;

    public void Start() => _running = RunAsync();

    /// <summary>Returns when nothing is appended any more.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _running;
        _stopping.Dispose();
        _following.OnSessionEnded();
    }

    private async Task RunAsync()
    {
        TimeSpan delay = FirstRetry;
        long since = _time.GetTimestamp();
        while (!_stopping.IsCancellationRequested)
        {
            bool isRefused = await TryFollowAsync();
            bool hasFollowed = _connected.Length > 0;
            Volatile.Write(ref _connected, string.Empty);
            _master.IsFollowed = false;

            // A connection that came to something is made again at once, however many attempts it took.
            delay = isRefused ? LongestPause : hasFollowed ? FirstRetry : delay;
            bool isSoon = Join is not null && !isRefused && _time.GetElapsedTime(since) < BeginningOfEpoch;
            await Task.Delay(isSoon ? RetryOfElected : delay, _time, _stopping.Token).ContinueWith(static _ => { }, TaskScheduler.Default);
            if (!isSoon)
            {
                delay = delay * 2 < LongestPause ? delay * 2 : LongestPause;
            }
        }
    }

    /// <summary>Returns when the connection has ended; true when the master's log is not to be followed.</summary>
    private async Task<bool> TryFollowAsync()
    {
        try
        {
            // It would be connected and take nothing.
            if (_store.FindFailure() != StoreFlags.None)
            {
                throw new HaRefusedException(StoreFailed);
            }

            if (Join is { } join)
            {
                await FollowElectedAsync(join);
            }
            else if (_master.Ha is { Length: > 0 } address)
            {
                await FollowAsync(address);
            }
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            // The session ends.
        }
        catch (HaRefusedException refused)
        {
            Lose(refused.Message, isRefusal: true);
            return true;
        }
        catch (Exception failure)
        {
            // Whatever it was, the slave goes on trying: only the stop ends this loop.
            Lose(failure.Message, isRefusal: failure is StoreException);
        }

        return false;
    }

    private void Lose(string why, bool isRefusal)
    {
        LogFailure(why, isRefusal);
        if (isRefusal)
        {
            _following.OnRefused($"this slave does not follow {MasterName}: {why}");
        }
        else
        {
            _following.OnLost($"replication from {MasterName} is interrupted: {why}; tried again");
        }
    }

    /// <summary>The same trouble again and again is one line.</summary>
    private void LogFailure(string failure, bool isRefusal)
    {
        if (_lastFailure == failure)
        {
            return;
        }

        _lastFailure = failure;
        if (isRefusal)
        {
            LogNotFollowed(MasterName, failure);
        }
        else
        {
            LogLost(MasterName, failure);
        }
    }

    private async Task FollowAsync(string address)
    {
        await (_master.IsHaConfigured ? _check.CheckAtAsync(address, _master.Broker, _stopping.Token) : _check.CheckAsync(_master.Broker, _stopping.Token));
        await using Stream stream = await ConnectAsync(address);
        await FollowAsync(stream, address);
    }

    private async Task FollowElectedAsync(IGroupJoin join)
    {
        JoinedMaster joined = await join.JoinAsync(_check.CheckAsync, _stopping.Token);
        await using Stream stream = await ConnectAsync(joined.HaAddress);
        await stream.WriteAsync(joined.FollowerHello, _stopping.Token);
        await FollowAsync(stream, joined.HaAddress);
    }

    private async Task<Stream> ConnectAsync(string address)
    {
        IPEndPoint endPoint = (await _resolver.ResolveAsync(address, _stopping.Token))[0];
        Socket socket = new(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(endPoint, _stopping.Token).AsTask().WaitAsync(ConnectPatience, _time);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Follows over a connection until it ends, which is always by an exception.</summary>
    private async Task FollowAsync(Stream stream, string address)
    {
        // What is not as safe as acknowledged means must not be counted on: it is finished first.
        _store.Writer.WritePending();
        LogMark end = _store.Positions.End;
        if (await _store.Writer.WhenAsync(_store.Positions.VisibleAt, end) is var outcome and not WaitOutcome.Reached)
        {
            throw new IOException($"the store does not get its own log to the disk ({outcome})");
        }

        // An elected master sends from where this log begins; RocketMQ's from the beginning of its last file.
        bool isEmpty = Join is null && end.Offset.Value == _store.GetStats().MinOffset.Value;
        using SlaveReports reports = new(stream, _settings, _options, _store, _time, isEmpty ? 0 : end.Offset.Value);
        Volatile.Write(ref _reports, reports);
        await BothWays.RunAsync(ending => ReceiveAsync(stream, reports, isEmpty ? -1 : end.Offset.Value, address, ending), ending => reports.RunAsync(Join, ending), _stopping.Token);
    }

    private async Task ReceiveAsync(Stream stream, SlaveReports reports, long start, string address, CancellationToken cancellationToken)
    {
        using HaStreamDecoder decoder = new(start, isElected: Join is not null);
        await using WatchedReads reads = new(stream, "the master", _options, _time, cancellationToken);
        long words = 0;
        while (true)
        {
            int received = await reads.ReadAsync(decoder.RoomFor(ReceiveBytes)[..ReceiveBytes]);
            if (received == 0)
            {
                throw new IOException("the master closed the connection; its log tells why, if this slave is refused");
            }

            Volatile.Write(ref _heardAtMs, _time.GetUtcNow().ToUnixTimeMilliseconds());
            _rate.Add(received);
            decoder.OnReceived(received);
            bool isEmpty = decoder.Start < 0;
            bool hasBytes = decoder.TryDecode();
            NoteFollowed(address, start);
            if (isEmpty && decoder.Start > 0)
            {
                await _store.BeginLogAtAsync(new PhysicalOffset(decoder.Start), cancellationToken);
            }

            bool isBehind = received > ReceiveBytes / 2;
            for (; hasBytes; hasBytes = decoder.TryDecode())
            {
                await AppendAsync(decoder, reports, isBehind, cancellationToken);
            }

            await PassOnAsync(reports, isBehind, cancellationToken);
            _following.OnFollows();
            NoteReplicated(decoder.Replicated);
            if (decoder.Words != words)
            {
                words = decoder.Words;
                Join?.OnMasterServes();
            }
        }
    }

    /// <summary>The master has sent something that can be its log's.</summary>
    private void NoteFollowed(string address, long start)
    {
        if (_connected.Length == 0)
        {
            Volatile.Write(ref _connected, address);
            _master.IsFollowed = true;
            _lastFailure = string.Empty;
            long from = Math.Max(0, start);
            LogFollows(address, from);
        }
    }

    /// <summary>Makes readable here what all copies in sync have. A master may say so of more than has come here.</summary>
    private void NoteReplicated(long offset)
    {
        if (Join is not null)
        {
            _store.Positions.Confirm(new PhysicalOffset(Math.Min(offset, _store.Positions.Appended.Value)));
        }
    }

    /// <summary>Into the store's memory, which may make it wait: then nothing more is received, and the master stops sending.</summary>
    private async ValueTask AppendAsync(HaStreamDecoder decoder, SlaveReports reports, bool isBehind, CancellationToken cancellationToken)
    {
        while (true)
        {
            Join?.ThrowIfReplaced();
            AppendStatus status = _store.Writer.AppendRaw(new PhysicalOffset(decoder.Start), decoder.Pending, out int taken);
            decoder.Consume(taken);
            if (status != AppendStatus.Ok)
            {
                await PassOnAsync(reports, isBehind, cancellationToken);
            }

            switch (status)
            {
                case AppendStatus.Ok:
                    // What is left is the beginning of a record.
                    return;
                case AppendStatus.WouldBlock:
                    await _store.Writer.WhenRoomAsync().WaitAsync(cancellationToken);
                    break;
                case AppendStatus.Busy or AppendStatus.DiskFull:
                    Wait(status);
                    await Task.Delay(RoomRetry, _time, cancellationToken);
                    break;
                case AppendStatus.MessageIllegal:
                    throw new HaRefusedException(
                        $"what the master sent for offset {decoder.Start} is no record of a log there: its log is not the one this store is a copy of, its files have another length, or its messages are larger than maxMessageSize here; if the settings agree, move this store away and start the slave empty");
                default:
                    throw new IOException($"the store takes nothing ({status}, {_store.Flags}); this slave is to be started again");
            }
        }
    }

    /// <summary>The connection stays. A disk without room is somebody's to mend; anything else is over in a moment, or counts as a loss.</summary>
    private void Wait(AppendStatus status)
    {
        LogFailure($"the store takes nothing at the moment ({status}); replication goes on when it does", isRefusal: false);
        if (status == AppendStatus.DiskFull)
        {
            _following.OnRefused($"this slave does not follow {MasterName}: its disk is full; it goes on when there is room");
        }
        else
        {
            _following.OnLost($"this slave does not follow {MasterName}: its disk does not take writes; it goes on when it does");
        }
    }

    /// <summary>
    /// Writes what was appended to the kernel, reports it to the master and dispatches it to the queues. Where more has come already,
    /// that is received while other threads do it.
    /// </summary>
    private async ValueTask PassOnAsync(SlaveReports reports, bool isBehind, CancellationToken cancellationToken)
    {
        if (isBehind)
        {
            _store.Writer.WritePendingElsewhere();
            await reports.OnAppendedAsync(cancellationToken);
            return;
        }

        _store.Writer.WriteWithoutDispatch();
        await reports.OnAppendedAsync(cancellationToken);
        _store.Writer.DispatchPending();
    }

    [LoggerMessage(EventId = 3631, Level = LogLevel.Information, Message = "This slave follows {Master} from offset {Offset} on")]
    private partial void LogFollows(string master, long offset);

    [LoggerMessage(EventId = 3632, Level = LogLevel.Warning, Message = "Replication from {Master} is interrupted: {Reason}; tried again")]
    private partial void LogLost(string master, string reason);

    [LoggerMessage(EventId = 3633, Level = LogLevel.Error, Message = "This slave does not follow {Master}: {Reason}")]
    private partial void LogNotFollowed(string master, string reason);
}

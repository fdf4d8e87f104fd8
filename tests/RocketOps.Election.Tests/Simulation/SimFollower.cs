using RocketOps.Broker.Failover;
using RocketOps.Broker.Replication.Frames;
using RocketOps.Broker.Replication.Slave;
using RocketOps.Election.Leases;

namespace RocketOps.Election.Tests.Simulation;

/// <summary>
/// A session in which a simulated broker follows one master: joins it as the product does (<see cref="GroupJoin"/>), opens the replication port with its ticket, appends what comes and says what it has; and begins again when the
/// connection ends. As <c>LogFollower</c> and <c>SlaveReports</c>.
/// </summary>
internal sealed class SimFollower
{
    private static readonly TimeSpan FirstRetry = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LongestRetry = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan RetryOfElected = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan BeginningOfEpoch = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LongestSilence = TimeSpan.FromSeconds(20);

    private readonly SimGroup _group;
    private readonly SimBroker _broker;
    private readonly LeaseRecord _lease;
    private readonly SimJoinHost _host;
    private readonly Queue<SimEntry> _received = new();
    private TimeSpan _delay = FirstRetry;
    private long _since;
    private SimSocket? _socket;
    private HaStreamDecoder? _decoder;
    private bool _hasFollowed;
    private long _words;
    private long _told = -1;
    private long _toldAt;
    private long _heardAt;

    public SimFollower(SimGroup group, SimBroker broker, LeaseRecord lease)
    {
        _group = group;
        _broker = broker;
        _lease = lease;
        _host = new SimJoinHost(group, broker, lease, this);
        Join = new GroupJoin(lease, _host, broker.Machine.Clock);
        Tables = new SimTableSync(group, broker, this);
    }

    public GroupJoin Join { get; }

    public SimTableSync Tables { get; }

    public bool IsEnded { get; private set; }

    /// <summary>What its master may count on.</summary>
    private int Has => _group.Options.ReportsWhatIsSafe ? _broker.Visible : _broker.Disk.Log.Count;

    private TimeProvider Time => _broker.Machine.Clock;

    public void Start()
    {
        _since = Time.GetTimestamp();
        Tables.Run();
        _ = FollowAsync();
    }

    /// <summary>Nothing is appended any more when <paramref name="then"/> happens.</summary>
    public void End(Action then)
    {
        IsEnded = true;
        Disconnect();
        _host.WhenIdle(then);
    }

    /// <summary>The pause after an attempt that came to nothing.</summary>
    public TimeSpan TakePause()
    {
        if (Time.GetElapsedTime(_since) < BeginningOfEpoch)
        {
            return RetryOfElected;
        }

        TimeSpan pause = _delay;
        _delay = _delay * 2 < LongestRetry ? _delay * 2 : LongestRetry;
        return pause;
    }

    /// <summary>More of the own log is as safe as acknowledged means.</summary>
    public void OnVisible()
    {
        if (_told >= 0 && _told != Has)
        {
            Report();
        }
    }

    public void Tick()
    {
        if (_socket is not null && Time.GetElapsedTime(_heardAt) > LongestSilence)
        {
            Lose();
        }
        else if (_told >= 0 && Time.GetElapsedTime(_toldAt) >= _broker.Options.Lease.Renew)
        {
            Report();
        }
    }

    public void OnReceived(SimSocket socket, byte[] frames, SimEntry[] entries)
    {
        if (socket != _socket || _decoder is not { } decoder)
        {
            return;
        }

        _heardAt = Time.GetTimestamp();
        foreach (SimEntry entry in entries)
        {
            _received.Enqueue(entry);
        }

        frames.CopyTo(decoder.RoomFor(frames.Length));
        decoder.OnReceived(frames.Length);
        bool hasEntries = TryDecode(decoder);
        if (!_hasFollowed)
        {
            _hasFollowed = true;
            _group.Note(_broker.Machine, $"follows {_lease.Holder} in epoch {_lease.Epoch} from {decoder.Start}");
        }

        for (; hasEntries; hasEntries = TryDecode(decoder))
        {
            if (!TryAppend(decoder))
            {
                Lose();
                return;
            }
        }

        _broker.NoteReplicated(Math.Min(decoder.Replicated, _broker.Disk.Log.Count));
        if (decoder.Words != _words)
        {
            _words = decoder.Words;
            SimMember machine = _broker.Machine;
            machine.HearsSince = machine.MasterSilence < TimeSpan.FromSeconds(5) ? machine.HearsSince : _group.World.Now;
            Join.OnMasterServes();
        }
    }

    private async Task FollowAsync()
    {
        try
        {
            JoinedMaster joined = await Join.JoinAsync(_host.CheckAsync, CancellationToken.None);
            if (!IsEnded)
            {
                Connect(joined.FollowerHello);
            }
        }
        catch (HaRefusedException refused) when (!_broker.HasFailed && _group.Faults.MustMoveAway(_broker.Machine))
        {
            _group.Note(_broker.Machine, refused.Message);
            Retry();
        }
        catch (HaRefusedException refused) when (!_broker.HasFailed && _broker.HasRoom)
        {
            _group.World.Failure = new RuleBrokenException($"{_broker.Machine.Name} is refused by the master of epoch {_lease.Epoch}: {refused.Message}");
        }
        catch (Exception failure) when (failure is IOException or HaRefusedException)
        {
            Retry();
        }
        catch (Exception failure)
        {
            // Nobody waits for this.
            _group.World.Failure ??= failure;
        }
    }

    private void Retry()
    {
        if (!IsEnded)
        {
            _delay = _hasFollowed ? FirstRetry : _delay;
            _hasFollowed = false;
            _broker.AfterHere(TakePause(), () =>
            {
                if (!IsEnded)
                {
                    _ = FollowAsync();
                }
            });
        }
    }

    private void Connect(byte[] introduction)
    {
        SimMember master = _group.Find(_lease.Holder)!;
        SimNetwork network = _group.Network;
        int number = _group.NumberOf(master);

        // The first packet is lost as others are, and sent again after a second.
        _broker.AfterHere(!network.IsCalm && _group.World.Chance(_group.Options.Loss) ? _group.World.Between(1000, 4000) : _group.World.Between(0.4, 30), () =>
        {
            if (IsEnded)
            {
                return;
            }

            if (master.Broker is not { } server || network.IsCut(_broker.Number, number) || network.IsCut(number, _broker.Number))
            {
                _broker.AfterHere(master.HasPower ? TimeSpan.Zero : TimeSpan.FromSeconds(1), Retry);
                return;
            }

            OnConnected(new SimConnection(_group.World, network, _broker, server), introduction);
        });
    }

    private void OnConnected(SimConnection connection, byte[] introduction)
    {
        _socket = connection.Client;
        _socket.Ended = Lose;
        _heardAt = Time.GetTimestamp();
        _decoder = new HaStreamDecoder(_broker.Disk.Log.Count, isElected: true);
        _received.Clear();
        _words = 0;
        _told = -1;
        _socket.Send(server => server.Broker.Roles.Links.OnConnected(server, introduction));
        BeginReports(_socket, _broker.Disk.Log.Count);
    }

    /// <summary>What is not as safe as acknowledged means must not be counted on: it is finished first.</summary>
    private void BeginReports(SimSocket socket, int end)
    {
        if (socket != _socket)
        {
            return;
        }

        if (_broker.Visible < end)
        {
            _broker.Writes.After(_broker.Writes.Time(1, 15), _group.Options.FlushesBeforeAnswer ? SimHang.Flushes : SimHang.Writes, () => BeginReports(socket, end));
            return;
        }

        Report();
    }

    private bool TryDecode(HaStreamDecoder decoder)
    {
        try
        {
            return decoder.TryDecode();
        }
        catch (HaRefusedException refused)
        {
            throw new RuleBrokenException($"{_broker.Machine.Name} cannot follow: {refused.Message}");
        }
    }

    private bool TryAppend(HaStreamDecoder decoder)
    {
        int count = decoder.Pending.Length;
        if (_broker.HasFailed || !_broker.HasRoom || _host.SeenEpoch > _lease.Epoch)
        {
            return false;
        }

        for (int i = 0; i < count; i++)
        {
            SimEntry entry = _received.Dequeue();
            _broker.Disk.Log.Add(entry);
            _group.Checker.OnCopied(_broker, entry);
        }

        decoder.Consume(count);
        _broker.Writes.OnAppended(OnVisible);
        return true;
    }

    private void Report()
    {
        if (_host.SeenEpoch > _lease.Epoch)
        {
            Lose();
            return;
        }

        long has = Has;
        _told = has;
        _toldAt = Time.GetTimestamp();
        _socket!.Send(server => server.Link?.OnReport(_broker.Machine, has));
    }

    private void Lose()
    {
        _group.Note(_broker.Machine, $"loses {_lease.Holder}");
        Disconnect();
        Retry();
    }

    private void Disconnect()
    {
        _socket?.Close();
        _socket = null;
        _told = -1;
        _decoder?.Dispose();
        _decoder = null;
    }
}

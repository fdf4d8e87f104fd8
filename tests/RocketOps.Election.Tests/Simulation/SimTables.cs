using RocketOps.Broker.Roles;
using RocketOps.Protocol.Records;

namespace RocketOps.Election.Tests.Simulation;

/// <summary>
/// What a simulated broker does and keeps beside its log: readers see what they may, the consumers of a group go on at the master, and the master delivers each message once more, as it does what is due: by a copy behind it in the log,
/// and a number that says how far it has come (<see cref="RestingProgress"/>).
/// </summary>
internal sealed class SimTables
{
    private readonly SimGroup _group;
    private readonly SimBroker _broker;
    private readonly RestingProgress _delivered;
    private int _copiesEnd;
    private int _readTo;

    public SimTables(SimGroup group, SimBroker broker)
    {
        _group = group;
        _broker = broker;
        _delivered = new RestingProgress(() => new PhysicalOffset(broker.Replicated));
        _delivered.Set(broker.Disk.Delivered);
        Committed = broker.Disk.Committed;
    }

    /// <summary>The offset of the group's consumers.</summary>
    public long Committed { get; set; }

    /// <summary>Every message before it has its copy.</summary>
    public long Delivered => _delivered.Value;

    /// <summary>What of it others are told.</summary>
    public long Told => _group.Options.TellsWhatRests ? _delivered.Kept : _delivered.Value;

    private SimDisk Disk => _broker.Disk;

    private int Readable => _group.Options.ShowsConfirmedOnly ? (int)_broker.Replicated : _broker.Visible;

    /// <summary>As <c>DelayOffsetTable.Follow</c>: what it rests on lies before <paramref name="end"/> here.</summary>
    public void Follow(long delivered, long end)
    {
        if (delivered > Delivered)
        {
            _copiesEnd = Math.Max(_copiesEnd, (int)end);
            _delivered.Advance(delivered, new PhysicalOffset(end));
        }
        else
        {
            _delivered.Set(delivered);
        }
    }

    public void Cut(int end)
    {
        _delivered.Cut(new PhysicalOffset(end));
        _delivered.Set(Math.Min(Delivered, end));
        _copiesEnd = Math.Min(_copiesEnd, end);
        _readTo = Math.Min(_readTo, end);
    }

    public void Tick()
    {
        int readable = Readable;
        for (; _readTo < readable; _readTo++)
        {
            _group.Checker.OnRead(_broker.Machine, _readTo, Disk.Log[_readTo].Id);
        }

        if (_broker.Member.LeadingEpoch is not null)
        {
            for (; Committed < readable; Committed++)
            {
                _group.Checker.OnHandled(Disk.Log[(int)Committed].Id);
            }
        }

        if (_broker.TakesMessages && _group.World.Chance(0.4))
        {
            Deliver(readable);
        }

        if (_group.World.Chance(0.1))
        {
            Save();
        }
    }

    private void Deliver(int readable)
    {
        int next = (int)Delivered;
        while (next < readable && Disk.Log[next].CopyOf > 0)
        {
            next++;
        }

        if (next < readable)
        {
            _broker.TakeCopy(Disk.Log[next].Id);
            _copiesEnd = Disk.Log.Count;
            _delivered.Advance(next + 1, new PhysicalOffset(_copiesEnd));
        }
    }

    /// <summary>Nothing that a power cut could still take the copies of.</summary>
    private void Save()
    {
        if (Disk.Hang != SimHang.None)
        {
            return;
        }

        Disk.Committed = Committed;
        if (Disk.Durable >= _copiesEnd)
        {
            Disk.Delivered = _delivered.Kept;
        }
    }
}

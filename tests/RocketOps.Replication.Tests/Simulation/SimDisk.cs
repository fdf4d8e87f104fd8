using RocketOps.Replication.Epochs;
using RocketOps.Replication.Members;

namespace RocketOps.Replication.Tests.Simulation;

/// <summary>What a machine keeps when its process dies.</summary>
internal sealed class SimDisk
{
    private int _incarnations;

    public SimDisk(int member)
    {
        Member = member;
        State = NewState();
    }

    public int Member { get; }

    public List<SimEntry> Log { get; } = [];

    /// <summary>So many entries survive a power cut.</summary>
    public int Durable { get; set; }

    public EpochHistory Epochs { get; set; } = EpochHistory.Empty;

    public MemberState State { get; set; }

    public List<SimEntry> Diverged { get; } = [];

    /// <summary>What a power cut has taken.</summary>
    public List<SimEntry> Unflushed { get; } = [];

    /// <summary>What was on a disk that is lost.</summary>
    public List<SimEntry> Destroyed { get; } = [];

    public LogEnd End => new(Epochs.EpochAt(Log.Count), Log.Count);

    public void Cut(int end, bool keeps)
    {
        if (keeps)
        {
            Diverged.AddRange(Log.Skip(end));
        }

        Log.RemoveRange(end, Log.Count - end);
        Durable = Log.Count;
        Epochs = Epochs.CutTo(end);
    }

    /// <summary>The kernel's pages are gone. A broker that answers before the flush may have lost what it acknowledged, and knows that when it starts.</summary>
    public void LosePower(int survives, bool isNewCopy)
    {
        Unflushed.AddRange(Log.Skip(survives));
        Log.RemoveRange(survives, Log.Count - survives);
        Durable = Log.Count;
        Epochs = Epochs.CutTo(survives);
        if (isNewCopy)
        {
            State = State with { Incarnation = NewIncarnation() };
        }
    }

    public void Wipe(bool isNewCopy)
    {
        Destroyed.AddRange(Log);
        Destroyed.AddRange(Diverged);
        Log.Clear();
        Diverged.Clear();
        Durable = 0;
        Epochs = EpochHistory.Empty;
        State = isNewCopy ? NewState() : State;
    }

    private MemberState NewState() => new(string.Empty, NewIncarnation(), 0, 0);

    private string NewIncarnation() => $"{Member}.{++_incarnations}";
}

using System.Globalization;
using RocketOps.Election.Members;

namespace RocketOps.Election.Tests.Simulation;

/// <summary>One schedule: a group, its producers and its bad luck, from a seed.</summary>
internal sealed class SimGroup
{
    private const int MaxNotes = 400;

    private readonly Queue<string> _notes = new();
    private int _lastId;

    private SimGroup(int seed, SimOptions options, GroupRules rules)
    {
        Options = options;
        World = new SimWorld(seed);
        Network = new SimNetwork(World, options);
        LeaseStore = new SimLeaseStore(World, options);
        Checker = new SimChecker(this);
        HangChecker = new SimHangChecker(this);
        Faults = new SimFaults(this, seed);
        LeaseStore.Writing = Checker.OnLeaseWriting;
        LeaseStore.Watched = (member, lease) => Members![member].OnLeaseWatched(lease);
        Members =
        [
            .. Enumerable.Range(0, options.Members + options.Spares).Select(number => new SimMember(
                this, number, new SimClock(World, 1 + ((World.Random.NextDouble() - 0.5) * 2 * options.ClockDrift), World.Between(-3000, 3000)), rules)),
        ];
        foreach (SimMember member in Members.Take(options.Members))
        {
            member.IsPart = true;
            member.Configured = [.. Members.Take(options.Members).Select(static other => other.Name)];
        }
    }

    public SimOptions Options { get; }

    public SimWorld World { get; }

    public SimNetwork Network { get; }

    public SimLeaseStore LeaseStore { get; }

    public SimChecker Checker { get; }

    public SimHangChecker HangChecker { get; }

    public SimFaults Faults { get; }

    /// <summary>All machines; those that are members now are <see cref="Parts"/>.</summary>
    public IReadOnlyList<SimMember> Members { get; }

    public IEnumerable<SimMember> Parts => Members.Where(static member => member.IsPart);

    /// <summary>Runs it to its end. Throws <see cref="RuleBrokenException"/>, with the story, when something happened that must not.</summary>
    public static SimChecker Run(int seed, SimOptions options, GroupRules? rules = null)
    {
        SimGroup group = new(seed, options, rules ?? new GroupRules());

        // What the product awaits goes on where virtual time has come to, and nowhere else.
        SynchronizationContext? context = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(null);
        try
        {
            group.Run();
            return group.Checker;
        }
        catch (RuleBrokenException broken)
        {
            throw new RuleBrokenException($"seed {seed}, {group.World.Now.TotalSeconds:F3} s: {broken.Message}\n{string.Join('\n', group._notes.TakeLast(60))}");
        }
        catch (ArgumentException impossible)
        {
            // What the product takes for impossible.
            throw new RuleBrokenException($"seed {seed}, {group.World.Now.TotalSeconds:F3} s: {impossible.Message}\n{string.Join('\n', group._notes.TakeLast(60))}");
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(context);
        }
    }

    /// <summary>Of a message.</summary>
    public int NextId() => ++_lastId;

    public SimMember? Find(string name) => Members.FirstOrDefault(member => member.Name == name);

    public int NumberOf(SimMember member) => member.Disk.Member;

    public void Note(SimMember member, string text) => Note($"{member.Name}: {text}");

    public void Note(string text)
    {
        _notes.Enqueue(string.Create(CultureInfo.InvariantCulture, $"{World.Now.TotalSeconds,8:F3} {text}"));
        if (_notes.Count > MaxNotes)
        {
            _notes.Dequeue();
        }
    }

    private void Run()
    {
        foreach (SimMember member in Parts)
        {
            World.After(World.Between(0, 500), member.Start);
        }

        Produce();
        Faults.Begin();
        World.After(Options.Faults, Faults.End);

        // Events as others are: at that time a member may stand in the middle of something (SimLoop).
        World.After(Options.Faults + (Options.Healing / 3), Faults.HelpByHand);
        World.RunUntil(Options.Faults + Options.Healing);
        Checker.CheckHealed(Options.Faults);
    }

    private void Produce() => World.After(World.Between(100, 500), () =>
    {
        // Whoever takes itself for the master gets messages: a producer knows no better.
        foreach (SimMember member in Members.Where(static member => member.TakesMessages))
        {
            for (int i = World.Random.Next(1, 4); i > 0 && member.TakesMessages; i--)
            {
                member.Broker!.Take(NextId());
            }
        }

        Produce();
    });
}

namespace RocketOps.Election.Tests.Simulation;

/// <summary>Whom a fault meets, and for how long.</summary>
internal sealed class SimLuck(SimGroup group)
{
    /// <summary>Faults are over: what they would end has ended.</summary>
    public bool IsOver { get; set; }

    public SimMember AnyMember() => group.World.Pick(group.Members);

    /// <summary>More often the master: most faults of others change little.</summary>
    public SimMember LikelyMaster() =>
        group.World.Chance(0.5) && group.LeaseStore.Lease?.Record is { Holder.Length: > 0 } lease ? group.Find(lease.Holder)! : AnyMember();

    public void For(TimeSpan time, Action begins, Action ends)
    {
        begins();
        group.World.After(time, () =>
        {
            if (!IsOver)
            {
                ends();
            }
        });
    }
}

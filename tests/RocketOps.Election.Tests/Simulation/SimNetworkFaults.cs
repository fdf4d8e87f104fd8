namespace RocketOps.Election.Tests.Simulation;

/// <summary>Ways that are cut: between members, and to the lease.</summary>
internal sealed class SimNetworkFaults(SimGroup group, SimLuck luck)
{
    private readonly SimWorld _world = group.World;

    public void Isolate()
    {
        SimMember member = luck.LikelyMaster();
        bool alsoLease = _world.Chance(0.4);
        group.Note(member, alsoLease ? "cut off" : "cut off from the others");
        int number = group.NumberOf(member);
        luck.For(_world.Between(300, 12_000), () =>
        {
            foreach (SimMember other in group.Members)
            {
                group.Network.Cut(number, group.NumberOf(other));
                group.Network.Cut(group.NumberOf(other), number);
            }

            if (alsoLease)
            {
                group.LeaseStore.Cut(number);
            }
        }, () =>
        {
            foreach (SimMember other in group.Members)
            {
                group.Network.Heal(number, group.NumberOf(other));
                group.Network.Heal(group.NumberOf(other), number);
            }

            group.LeaseStore.Heal(number);
        });
    }

    public void CutOneWay()
    {
        int from = group.NumberOf(luck.AnyMember());
        int to = group.NumberOf(luck.AnyMember());
        group.Note($"nothing comes from m{from} to m{to}");
        luck.For(_world.Between(300, 12_000), () => group.Network.Cut(from, to), () => group.Network.Heal(from, to));
    }

    public void CutLease()
    {
        SimMember member = luck.LikelyMaster();
        group.Note(member, "does not reach the lease");
        int number = group.NumberOf(member);
        luck.For(_world.Between(300, 12_000), () => group.LeaseStore.Cut(number), () => group.LeaseStore.Heal(number));
    }

    public void CutAllLeases()
    {
        group.Note("nobody reaches the lease");
        luck.For(_world.Between(300, group.Options.LongestOutage.TotalMilliseconds), () => ForAll(group.LeaseStore.Cut), () => ForAll(group.LeaseStore.Heal));
    }

    private void ForAll(Action<int> happens)
    {
        for (int i = 0; i < group.Members.Count; i++)
        {
            happens(i);
        }
    }
}

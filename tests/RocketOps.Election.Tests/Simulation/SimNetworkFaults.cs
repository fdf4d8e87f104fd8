namespace RocketOps.Election.Tests.Simulation;

/// <summary>Ways that are cut: between members, and to the lease.</summary>
internal sealed class SimNetworkFaults(SimGroup group, SimLuck luck)
{
    private readonly SimWorld _world = group.World;

    // One member at a time, so that the others are enough to go on.
    private bool _copiesAreCut;

    public void Isolate()
    {
        SimMember member = luck.LikelyMaster();
        bool alsoLease = _world.Chance(0.4);
        group.Note(member, alsoLease ? "cut off" : "cut off from the others");
        int number = group.NumberOf(member);
        luck.For(_world.Between(300, 12_000), () =>
        {
            ForAll(other => Cut(number, other));
            if (alsoLease)
            {
                group.LeaseStore.Cut(number);
            }
        }, () =>
        {
            ForAll(other => Heal(number, other));
            group.LeaseStore.Heal(number);
        });
    }

    public void CutCopies()
    {
        if (_copiesAreCut || group.LeaseStore.Lease?.Record is not { Holder.Length: > 0 } lease)
        {
            return;
        }

        SimMember master = group.Find(lease.Holder)!;
        int number = group.NumberOf(master);
        group.Note(master, "cut off from its copies");
        _copiesAreCut = true;
        luck.For(_world.Between(20_000, 40_000), () => ForAll(other => Cut(number, other)), () =>
        {
            ForAll(other => Heal(number, other));
            _copiesAreCut = false;
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

    private void Cut(int one, int other)
    {
        group.Network.Cut(one, other);
        group.Network.Cut(other, one);
    }

    private void Heal(int one, int other)
    {
        group.Network.Heal(one, other);
        group.Network.Heal(other, one);
    }

    private void ForAll(Action<int> happens)
    {
        for (int i = 0; i < group.Members.Count; i++)
        {
            happens(i);
        }
    }
}

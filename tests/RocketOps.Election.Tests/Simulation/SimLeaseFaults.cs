using RocketOps.Election.Leases;

namespace RocketOps.Election.Tests.Simulation;

/// <summary>What people do to the lease: delete it, edit it, restore an old one, ask for a hand-over, and help when nothing else can.</summary>
internal sealed class SimLeaseFaults(SimGroup group, SimLuck luck, SimMembership membership)
{
    private static readonly TimeSpan BetweenDeletions = TimeSpan.FromSeconds(25);

    private readonly SimWorld _world = group.World;
    private TimeSpan _deletedAt = -BetweenDeletions;

    /// <summary>Nothing else is to go wrong.</summary>
    public bool IsQuiet { get; private set; }

    public void DeleteLease()
    {
        if (_world.Now - _deletedAt >= BetweenDeletions)
        {
            group.Note("the lease is deleted");
            _deletedAt = _world.Now;
            group.LeaseStore.Edit(null);
        }
    }

    /// <summary>Somebody permits an unclean promotion for an epoch that is over, or that is far off.</summary>
    public void EditLease()
    {
        if (group.LeaseStore.Lease?.Record is { } lease)
        {
            long epoch = Math.Max(0, lease.Epoch - _world.Random.Next(3));
            group.Note($"somebody sets the unclean epoch to {epoch}");
            group.LeaseStore.Edit(lease with { UncleanEpoch = epoch });
        }
    }

    /// <summary>
    /// Somebody restores an old lease. A member that knows of no later epoch learns of it from those that do, so for that time one of them is there and can be heard, and nothing else goes wrong; then a person deletes it.
    /// </summary>
    public void SetLeaseBack()
    {
        if (group.LeaseStore.Lease?.Record is { } lease && _world.Now - _deletedAt >= BetweenDeletions && !membership.IsChanging
            && group.Parts.Any(member => member is { IsUp: true, IsPaused: false, HasFailed: false } && member.Disk.State.Seen >= lease.Epoch)
            && group.Parts.All(one => !one.IsPaused && !one.Disk.MayHoldUpFiles && group.LeaseStore.IsReachable(group.NumberOf(one)) && group.Parts.All(other => !group.Network.IsCut(group.NumberOf(one), group.NumberOf(other))))
            && group.LeaseStore.Past.Where(past => past.Epoch < lease.Epoch).ToArray() is { Length: > 0 } past)
        {
            LeaseRecord old = _world.Pick(past);
            group.Note($"somebody sets the lease back to epoch {old.Epoch}");
            _deletedAt = _world.Now;
            group.LeaseStore.Edit(old);
            IsQuiet = true;
            group.Network.IsCalm = true;
            _world.After(TimeSpan.FromSeconds(15), () =>
            {
                if (!luck.IsOver)
                {
                    group.Note("a person deletes the lease that was set back");
                    group.LeaseStore.Edit(null);
                }

                _world.After(TimeSpan.FromSeconds(5), () =>
                {
                    IsQuiet = false;
                    group.Network.IsCalm = luck.IsOver;
                });
            });
        }
    }

    public void HandOver()
    {
        if (group.LeaseStore.Lease?.Record is { Holder.Length: > 0 } lease)
        {
            SimMember target = luck.AnyMember();
            group.Note($"{lease.Holder} is to hand over to {target.Name}");
            if (_world.Chance(0.5))
            {
                group.LeaseStore.Edit(lease with { HandOverTo = target.Name });
            }
            else if (group.Find(lease.Holder) is { IsUp: true, IsPaused: false } master)
            {
                master.Broker!.Loop.Do(member => member.HandOverTo(target.Name, leaves: member.LeadingEpoch % 2 == 0));
            }
        }
    }

    /// <summary>Nobody may lead: what they have is lost, or only in part. A person decides for the loss, for the next epoch and no other.</summary>
    public void HelpByHand()
    {
        if (group.LeaseStore.Lease is { Record: { Holder.Length: > 0 } held } && group.Find(held.Holder)!.Process?.LeadingEpoch == held.Epoch)
        {
            return;
        }

        // A lease made or mended by hand begins above the highest epoch that the cluster's status remembers: the members that knew it may have lost their stores. It names
        // the group, else one whose store is empty would found another one.
        long floor = group.LeaseStore.Past.Select(static past => past.Epoch).DefaultIfEmpty().Max();
        LeaseRecord lease = group.LeaseStore.Lease?.Record
            ?? new LeaseRecord { GroupId = group.LeaseStore.Past.LastOrDefault()?.GroupId ?? string.Empty, Holder = string.Empty, Epoch = floor, RenewTime = DateTimeOffset.UnixEpoch, Duration = TimeSpan.FromSeconds(6), InSync = [] };
        long next = Math.Max(Math.Max(lease.Epoch, floor), group.Members.Max(static member => member.Disk.State.Promised)) + 1;
        group.Note($"a person permits an unclean promotion in epoch {next}");
        group.LeaseStore.Edit(lease with { Epoch = next - 1, UncleanEpoch = next });
    }
}

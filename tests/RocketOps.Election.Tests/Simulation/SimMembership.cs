using RocketOps.Election.Leases;

namespace RocketOps.Election.Tests.Simulation;

/// <summary>Members are added and taken out as people or the operator do it: one change at a time, whatever else goes wrong meanwhile.</summary>
internal sealed class SimMembership(SimGroup group)
{
    /// <summary>Faults are over: what cannot be done now is not tried again.</summary>
    public bool IsOver { get; set; }

    public bool IsChanging { get; private set; }

    public void Change()
    {
        if (IsChanging)
        {
            return;
        }

        SimMember[] parts = [.. group.Parts];
        SimMember[] spares = [.. group.Members.Where(static member => !member.IsPart)];
        if (spares.Length > 0 && (parts.Length == 2 || group.World.Chance(0.5)))
        {
            IsChanging = true;
            Add(group.World.Pick(spares), parts);
        }
        else if (parts.Length > 2)
        {
            IsChanging = true;
            TakeOut(group.World.Pick(parts), tries: 40);
        }
    }

    private void Add(SimMember newcomer, SimMember[] others)
    {
        string[] names = [.. others.Append(newcomer).Select(static member => member.Name)];
        group.Note(newcomer, "is added");
        newcomer.IsPart = true;
        newcomer.Configured = names;
        if (group.World.Chance(0.5))
        {
            newcomer.Start();
            Restart(new Queue<SimMember>(Shuffled(others)), names);
        }
        else
        {
            Restart(new Queue<SimMember>([.. Shuffled(others), newcomer]), names);
        }
    }

    /// <summary>What the lease says is seen a moment late.</summary>
    private void TakeOut(SimMember leaving, int tries)
    {
        SimMember[] staying = [.. group.Parts.Where(member => member != leaving)];
        LeaseRecord? lease = group.LeaseStore.Lease?.Record;
        bool mayGo = lease is { Holder.Length: > 0 } && lease.Holder != leaving.Name && staying.All(member => lease.InSync.Contains(member.Copy));
        if (!mayGo && (tries == 0 || IsOver))
        {
            IsChanging = false;
            return;
        }

        group.World.After(group.World.Between(0, 1000), () =>
        {
            if (!mayGo)
            {
                TakeOut(leaving, tries - 1);
                return;
            }

            group.Note(leaving, "is taken out");
            leaving.IsPart = false;
            if (group.World.Chance(0.5))
            {
                _ = leaving.Broker?.Roles.Join?.LeaveAsync(CancellationToken.None);
            }

            leaving.Kill();
            Forget(leaving);
        });
    }

    /// <summary>Its name leaves the others' lists once the lease does not have its copy for in sync.</summary>
    private void Forget(SimMember leaving)
    {
        if (group.LeaseStore.Lease is not { Record: var lease } || lease.InSync.Any(copy => copy.Member == leaving.Name))
        {
            group.World.After(group.World.Between(100, 500), () => Forget(leaving));
            return;
        }

        group.Note(leaving, "is forgotten");
        SimMember[] staying = [.. group.Parts];
        Restart(new Queue<SimMember>(Shuffled(staying)), [.. staying.Select(static member => member.Name)]);
    }

    /// <summary>One after the other, with any time between. Repaired members start with what they were given last, as a crashed one does.</summary>
    private void Restart(Queue<SimMember> members, string[] names)
    {
        if (!members.TryDequeue(out SimMember? member))
        {
            group.Checker.OnChanged();
            IsChanging = false;
            return;
        }

        group.World.After(group.World.Between(200, 5000), () =>
        {
            member.Configured = names;
            group.Note(member, $"restarts as one of {string.Join(", ", names)}");
            member.Kill();
            member.Start();
            Restart(members, names);
        });
    }

    private SimMember[] Shuffled(SimMember[] members)
    {
        SimMember[] shuffled = [.. members];
        for (int i = shuffled.Length - 1; i > 0; i--)
        {
            int other = group.World.Random.Next(i + 1);
            (shuffled[i], shuffled[other]) = (shuffled[other], shuffled[i]);
        }

        return shuffled;
    }
}

using System.Globalization;
using RocketOps.Election.Leases;

namespace RocketOps.Election.Tests.Simulation;

/// <summary>
/// Disks that hang, one at a time: what a member writes is taken and not done for a while, and its network and clocks go on. By a random stream of its own, so that a schedule is the same up to its first one.
/// </summary>
internal sealed class SimHangs(SimGroup group, SimLuck luck, SimLeaseFaults leases, int seed)
{
    private static readonly TimeSpan Enough = TimeSpan.FromMilliseconds(1);

    private readonly Random _random = new(seed ^ 0x4A16);

    public void Begin()
    {
        if (group.Options.HungDiskEveryMs > 0)
        {
            group.World.After(group.Options.Undisturbed, NextLater);
        }
    }

    /// <summary>Faults are over.</summary>
    public void End()
    {
        foreach (SimMember member in group.Members)
        {
            member.Disk.GoOn(group.World.Now);
        }
    }

    private TimeSpan Between(double minMs, double maxMs) => TimeSpan.FromMilliseconds(minMs + (_random.NextDouble() * (maxMs - minMs)));

    private void NextLater() => group.World.After(Between(0, 2 * group.Options.HungDiskEveryMs), Next);

    private void Next()
    {
        if (luck.IsOver)
        {
            return;
        }

        if (group.Options.HungDisks == SimHungDisks.OfCandidates)
        {
            KillMaster();
        }
        else if (!leases.IsQuiet && group.Members.All(static member => !member.Disk.MayHoldUpFiles && member.Broker is not { Loop.IsWaiting: true }) && Choose() is { IsUp: true } member)
        {
            SimHang kind = _random.Next(3) == 0 ? SimHang.Flushes : SimHang.Writes;
            TimeSpan time = _random.Next(4) == 0 ? Between(200, 6000) : Between(6000, 15_000);
            if (_random.Next(3) == 0)
            {
                // Mostly a promise, the notice of a won lease or the beginning of an epoch: what a thread waits for.
                group.Note(member, $"has a disk that is to hang with the next small file, {Text(kind, time)}");
                member.Disk.HangWithNextFile(() => Hang(member, kind, time));
                group.World.After(Between(3000, 10_000), member.Disk.HangWithNoFile);
            }
            else
            {
                Hang(member, kind, time);
            }
        }

        NextLater();
    }

    /// <summary>The first, second or third small file that is written then is one too many: a promise, the notice of a won lease, or an epoch.</summary>
    private void KillMaster()
    {
        if (group.LeaseStore.Lease?.Record is not { Holder.Length: > 0 } lease || group.Members.Any(static member => !member.IsUp || member.Disk.MayHoldUpFiles))
        {
            return;
        }

        SimMember master = group.Find(lease.Holder)!;
        group.Note(master, "killed");
        master.Kill();
        group.World.After(Between(40_000, 50_000), master.Start);
        SimMember[] others = [.. group.Members.Where(member => member != master)];
        int spared = _random.Next(3);
        foreach (SimMember other in others)
        {
            other.Disk.HangWithNextFile(() => Strike(other));
        }

        void Strike(SimMember member)
        {
            if (spared-- > 0)
            {
                member.Disk.HangWithNextFile(() => Strike(member));
                return;
            }

            foreach (SimMember other in others)
            {
                other.Disk.HangWithNoFile();
            }

            Hang(member, SimHang.Flushes, Between(25_000, 30_000));
        }
    }

    private SimMember? Choose()
    {
        LeaseRecord? lease = group.LeaseStore.Lease?.Record;
        SimMember? master = lease is { Holder.Length: > 0 } ? group.Find(lease.Holder) : null;
        SimMember[] others = [.. group.Members.Where(member => member != master)];
        return group.Options.HungDisks switch
        {
            SimHungDisks.OfMasters => master,
            SimHungDisks.OfFollowers => master is null ? null : others[_random.Next(others.Length)],
            _ => _random.Next(2) == 0 && master is not null ? master : group.Members[_random.Next(group.Members.Count)],
        };
    }

    private void Hang(SimMember member, SimHang kind, TimeSpan time)
    {
        TimeSpan left = group.Options.Faults - group.World.Now - Enough;
        time = time < left ? time : left;
        if (luck.IsOver || leases.IsQuiet || time <= TimeSpan.Zero)
        {
            return;
        }

        group.Note(member, $"has a disk that hangs, {Text(kind, time)}");
        group.Checker.OnHung();
        int hang = member.Disk.BeginHang(kind);
        group.World.After(time, () =>
        {
            if (member.Disk.IsIn(hang))
            {
                group.Note(member, "has a disk that goes on");
                member.Disk.GoOn(group.World.Now);
            }
        });
    }

    private static string Text(SimHang kind, TimeSpan time) => string.Create(CultureInfo.InvariantCulture, $"{(kind == SimHang.Writes ? "writes and flushes" : "flushes")}, for {time.TotalSeconds:F1} s");
}

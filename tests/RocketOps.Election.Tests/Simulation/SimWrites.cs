using RocketOps.Store.Contracts;

namespace RocketOps.Election.Tests.Simulation;

/// <summary>What a process asks of its disk: each thing takes its time, and where the disk hangs it is done when that goes on, or never when the process dies first.</summary>
internal sealed class SimWrites(SimWorld world, SimBroker broker, FlushDiskType flush)
{
    private bool _flushing;

    private SimDisk Disk => broker.Disk;

    /// <summary>As recovery does before anything is told of what it found.</summary>
    public void Start()
    {
        if (flush == FlushDiskType.SyncFlush)
        {
            FlushSoon();
        }
        else
        {
            FlushLater();
        }
    }

    public TimeSpan Time(double minMs, double maxMs) => world.Between(minMs, maxMs) * broker.Machine.DiskFactor;

    /// <summary>Something has come into the log: what is to happen when it is as safe as acknowledged means.</summary>
    public void OnAppended(Action visible)
    {
        if (flush == FlushDiskType.SyncFlush)
        {
            FlushSoon();
        }
        else
        {
            After(Time(0.05, 2), SimHang.Writes, visible);
        }
    }

    /// <summary>Something that a disk in that state does not do.</summary>
    public void After(TimeSpan time, SimHang heldUpBy, Action happens) => broker.AfterHere(time, () => When(heldUpBy, happens));

    /// <summary>Replaces a small file, or cuts the log.</summary>
    public void ReplaceAfter(TimeSpan time, Action happens) => broker.AfterHere(time, () =>
    {
        Disk.OnReplacing();
        When(SimHang.Flushes, happens);
    });

    /// <summary>At once where the disk does it.</summary>
    public void When(SimHang heldUpBy, Action happens)
    {
        if (Disk.Hang >= heldUpBy)
        {
            Disk.WhenItGoesOn(() => broker.InProcess(() => When(heldUpBy, happens)));
        }
        else
        {
            happens();
        }
    }

    private void FlushSoon()
    {
        if (_flushing || Disk.Durable >= Disk.Log.Count)
        {
            return;
        }

        _flushing = true;
        int end = Disk.Log.Count;
        After(Time(1, 15), SimHang.Flushes, () =>
        {
            _flushing = false;
            Disk.Durable = Math.Max(Disk.Durable, Math.Min(end, Disk.Log.Count));
            broker.OnVisible();
            FlushSoon();
        });
    }

    private void FlushLater() => After(world.Between(100, 900), SimHang.Flushes, () =>
    {
        Disk.Durable = Disk.Log.Count;
        FlushLater();
    });
}

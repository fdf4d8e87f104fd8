namespace RocketOps.Election.Tests.Simulation;

/// <summary>
/// The member's loop: does what it is told one after the other, and waits in the middle of it for a disk that hangs, as its thread does; everything else of the process goes on meanwhile. As <c>SerialLoop</c>.
/// </summary>
internal sealed class SimLoop(SimWorld world, SimBroker broker)
{
    private readonly Queue<Action<GroupMember>> _told = new();
    private bool _isBusy;
    private int _posted;
    private TimeSpan _postedUntil;

    /// <summary>It stands in the middle of something.</summary>
    public bool IsWaiting { get; private set; }

    /// <summary>At once, unless it waits for the disk, or might: then in its turn, with nothing else of the process below it that would wait along.</summary>
    public void Do(Action<GroupMember> tell)
    {
        if (!_isBusy && !broker.Disk.MayHoldUpFiles)
        {
            tell(broker.Member);
            return;
        }

        _told.Enqueue(tell);
        if (!_isBusy)
        {
            _isBusy = true;
            broker.AfterHere(TimeSpan.Zero, DoAll);
        }
    }

    /// <summary>By another thread, so that other things may come first.</summary>
    public void Post(Action<GroupMember> tell)
    {
        if (_posted == 0 && !world.Chance(0.05))
        {
            broker.InProcess(() => Do(tell));
            return;
        }

        TimeSpan at = world.Now + world.Between(0.01, 5);
        _postedUntil = at > _postedUntil ? at : _postedUntil;
        _posted++;
        broker.AfterHere(_postedUntil - world.Now, () =>
        {
            _posted--;
            Do(tell);
        });
    }

    /// <summary>Returns when the disk does what it is asked. Throws <see cref="SimProcessEndedException"/> when the process has died by then. To be called on the loop.</summary>
    public void WaitForDisk()
    {
        IsWaiting = true;
        world.RunWhile(() => broker.IsAlive && (broker.Disk.Hang != SimHang.None || broker.Machine.IsPaused));
        IsWaiting = false;
        if (!broker.IsAlive)
        {
            throw new SimProcessEndedException();
        }
    }

    private void DoAll()
    {
        while (_told.TryDequeue(out Action<GroupMember>? tell))
        {
            try
            {
                tell(broker.Member);
            }
            catch (IOException failure)
            {
                broker.TellFailedNow(failure.Message);
            }
        }

        _isBusy = false;
    }
}

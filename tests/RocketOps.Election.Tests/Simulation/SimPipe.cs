namespace RocketOps.Election.Tests.Simulation;

/// <summary>One direction of a connection: what is sent arrives in its order, however late; nothing while the way is cut, and then after all.</summary>
internal sealed class SimPipe(SimWorld world, SimNetwork network, int from, int to)
{
    private readonly Queue<(TimeSpan At, Action Arrives)> _underWay = new();
    private TimeSpan _last;
    private bool _isPlanned;

    public void Send(Action arrives)
    {
        TimeSpan at = world.Now + network.DelayOnConnection();
        _last = at > _last ? at : _last;
        _underWay.Enqueue((_last, arrives));
        Plan();
    }

    /// <summary>What has not arrived never will.</summary>
    public void Lose() => _underWay.Clear();

    private void Plan()
    {
        if (!_isPlanned && _underWay.TryPeek(out (TimeSpan At, Action Arrives) next))
        {
            _isPlanned = true;
            world.After(next.At > world.Now ? next.At - world.Now : TimeSpan.Zero, Arrive);
        }
    }

    private void Arrive()
    {
        if (network.IsCut(from, to))
        {
            // It is sent again and again.
            world.After(world.Between(200, 1500), Arrive);
            return;
        }

        _isPlanned = false;
        while (_underWay.TryPeek(out (TimeSpan At, Action Arrives) next) && next.At <= world.Now)
        {
            _underWay.Dequeue();
            next.Arrives();
        }

        Plan();
    }
}

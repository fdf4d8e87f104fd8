namespace RocketOps.Election.Tests.Simulation;

/// <summary>One side of a connection, in one process.</summary>
internal sealed class SimSocket
{
    private readonly SimConnection _connection;
    private readonly SimPipe _out;
    private bool _isClosed;

    public SimSocket(SimConnection connection, SimBroker broker, SimPipe @out)
    {
        _connection = connection;
        _out = @out;
        Broker = broker;
        broker.Sockets.Add(this);
    }

    public SimBroker Broker { get; }

    /// <summary>What a master sends by it; null at the other side.</summary>
    public SimLink? Link { get; set; }

    /// <summary>The other side has ended it, or is not there any more. Not called once this side has closed it.</summary>
    public Action Ended { get; set; } = static () => { };

    /// <summary>What the other side does with it, in its process.</summary>
    public void Send(Action<SimSocket> arrives)
    {
        SimSocket other = _connection.OtherOf(this);
        _out.Send(() => other.Receive(arrives));
    }

    /// <summary>The other side gets what was sent before, and then the end.</summary>
    public void Close()
    {
        if (!_isClosed)
        {
            Leave();
            Send(static other => other.OnEnd());
        }
    }

    /// <summary>The process is dead. With what it had sent before, or without.</summary>
    public void Die(bool losesSent, bool tells)
    {
        Leave();
        if (losesSent)
        {
            _out.Lose();
        }

        if (tells)
        {
            Send(static other => other.OnEnd());
        }
    }

    public void OnReset() => Broker.InProcess(OnEnd);

    private void Leave()
    {
        _isClosed = true;
        Broker.Sockets.Remove(this);
    }

    private void OnEnd()
    {
        if (!_isClosed)
        {
            Leave();
            Ended();
        }
    }

    private void Receive(Action<SimSocket> arrives)
    {
        if (_isClosed)
        {
            _connection.OnUnexpected(this);
            return;
        }

        Broker.InProcess(() =>
        {
            if (!_isClosed)
            {
                arrives(this);
            }
        });
    }
}

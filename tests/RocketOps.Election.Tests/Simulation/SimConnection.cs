namespace RocketOps.Election.Tests.Simulation;

/// <summary>
/// A connection as TCP has it: two ordered streams between two processes. The death of one of them tells the other, unless its machine lost power: that one hears nothing until the machine is up again and says that it knows of no
/// connection.
/// </summary>
internal sealed class SimConnection
{
    private readonly SimWorld _world;

    public SimConnection(SimWorld world, SimNetwork network, SimBroker client, SimBroker server)
    {
        _world = world;
        SimPipe there = new(world, network, client.Number, server.Number);
        SimPipe back = new(world, network, server.Number, client.Number);
        Client = new SimSocket(this, client, there);
        Server = new SimSocket(this, server, back);
    }

    public SimSocket Client { get; }

    public SimSocket Server { get; }

    public SimSocket OtherOf(SimSocket socket) => socket == Client ? Server : Client;

    /// <summary>Something has come to a side that is gone.</summary>
    public void OnUnexpected(SimSocket gone)
    {
        if (gone.Broker.Machine.HasPower)
        {
            _world.After(_world.Between(0.2, 15), OtherOf(gone).OnReset);
        }
    }
}

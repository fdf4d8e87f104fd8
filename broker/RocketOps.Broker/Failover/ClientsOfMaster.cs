using RocketOps.Broker.Clients;

namespace RocketOps.Broker.Failover;

/// <summary>Clients that came for a master, and are let go when this member leads no more. Thread-safe.</summary>
internal sealed class ClientsOfMaster(MisledClients misled, ProducerTable producers, ConsumerTable consumers)
{
    /// <inheritdoc cref="MisledClients.LetGo(IEnumerable{ClientChannel}, IEnumerable{ClientChannel})"/>
    public void LetGo() => misled.LetGo(
        producers.Groups.Where(static group => group != ProducerTable.InnerGroup).SelectMany(producers.ChannelsOf),
        consumers.All.SelectMany(static group => group.Channels).Concat(producers.ChannelsOf(ProducerTable.InnerGroup)));
}

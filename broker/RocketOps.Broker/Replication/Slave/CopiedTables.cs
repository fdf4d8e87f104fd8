using RocketOps.Broker.Clients;
using RocketOps.Broker.Groups;
using RocketOps.Broker.Offsets;
using RocketOps.Broker.StaticTopics;
using RocketOps.Broker.Timers;
using RocketOps.Broker.Topics;
using RocketOps.Broker.Transactions;

namespace RocketOps.Broker.Replication.Slave;

/// <summary>Tables that a slave takes over from its master, as the log does not tell what is in them.</summary>
/// <param name="Topics">Topics.</param>
/// <param name="Mappings">Mappings of static topics.</param>
/// <param name="Groups">Consumer groups.</param>
/// <param name="Modes">Modes in which groups ask for messages.</param>
/// <param name="Offsets">Offsets of consumers.</param>
/// <param name="DelayOffsets">Offsets of delay levels.</param>
/// <param name="Checks">Progress of the checks of transactions.</param>
/// <param name="Timers">Progress of timers.</param>
/// <param name="Consumers">Consumers at the master; null where the roles are fixed, and it is of no use.</param>
internal sealed record CopiedTables(
    TopicTable Topics,
    TopicQueueMappingTable Mappings,
    GroupTable Groups,
    RequestModeTable Modes,
    ConsumerOffsetTable Offsets,
    DelayOffsetTable DelayOffsets,
    CheckProgress Checks,
    TimerTable Timers,
    AwaitedConsumers? Consumers);

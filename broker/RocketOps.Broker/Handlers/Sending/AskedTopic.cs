namespace RocketOps.Broker.Handlers.Sending;

/// <summary>Topic that a message is sent to, and by what it is made when it is not there.</summary>
/// <param name="Name">Name of the topic.</param>
/// <param name="Default">Topic whose settings it gets.</param>
/// <param name="DefaultQueueNums">Number of queues it gets.</param>
/// <param name="UnitMode">True when it is made as one of a unit.</param>
internal sealed record AskedTopic(string Name, string Default, int DefaultQueueNums, bool UnitMode);

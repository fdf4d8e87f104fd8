namespace RocketOps.Broker.Handlers.Sending;

/// <summary>Topic that a message is sent to, and by what it is made when it is not there.</summary>
/// <param name="Name">Of the topic.</param>
/// <param name="Default">Topic whose settings it gets.</param>
/// <param name="DefaultQueueNums">How many queues it gets.</param>
/// <param name="UnitMode">Whether it is made as one of a unit.</param>
internal sealed record AskedTopic(string Name, string Default, int DefaultQueueNums, bool UnitMode);

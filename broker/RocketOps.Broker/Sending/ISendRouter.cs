using RocketOps.Broker.Replies;

namespace RocketOps.Broker.Sending;

/// <summary>
/// Decides whether a message goes elsewhere than its request says: one reason each, asked in order for every message that is no batch. Called on the connections' loops:
/// it neither blocks nor allocates for messages that are none of its business.
/// </summary>
internal interface ISendRouter
{
    /// <summary>Changes the route or leaves it; anything but <see cref="SendStatus.Stored"/> ends the send with that status.</summary>
    SendStatus Route(in SendRequest request, in SendProperties properties, ref SendRoute route);
}

namespace RocketOps.Client.Producing.Sending;

/// <summary>Properties and flags that a kind of send adds to the message the user gave, which stays as it is.</summary>
/// <param name="Properties">Names of the protocol, in none of which the message has a property of its own.</param>
/// <param name="SysFlag">Bits of <see cref="SysFlags"/>.</param>
/// <param name="NeedsHeartbeat">Whether the broker must know this producer before it gets the message, as it will send something to it by itself.</param>
/// <param name="IsReply">Whether the broker is to hand it on to the client that waits for it.</param>
internal sealed record SendExtras(IReadOnlyList<KeyValuePair<string, string>> Properties, int SysFlag = 0, bool NeedsHeartbeat = false, bool IsReply = false);

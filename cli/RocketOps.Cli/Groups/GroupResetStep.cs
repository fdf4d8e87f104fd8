using RocketOps.Client;

namespace RocketOps.Cli.Groups;

/// <summary>The new offset of a group in one queue.</summary>
/// <param name="Address">Master of the queue.</param>
/// <param name="Queue">Queue to move in.</param>
/// <param name="From">Offset committed so far; null when there is none.</param>
/// <param name="To">Offset to go on at.</param>
/// <param name="Max">Offset the queue's next message will get.</param>
internal sealed record GroupResetStep(string Address, MessageQueue Queue, long? From, long To, long Max);

namespace RocketOps.Cli.Up;

/// <summary>Amount of the state that a screen shows.</summary>
/// <param name="Events">How many of the newest events.</param>
/// <param name="HasHints">Whether there is room for what to try next.</param>
/// <param name="FoldsMembers">A group of brokers takes one line.</param>
/// <param name="FoldsTopics">Topics and consumer groups that are ready are counted.</param>
/// <param name="FoldsGroups">Broker groups that are ready are counted.</param>
internal sealed record ScreenDetail(int Events, bool HasHints = false, bool FoldsMembers = false, bool FoldsTopics = false, bool FoldsGroups = false);

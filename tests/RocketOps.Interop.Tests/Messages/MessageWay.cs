namespace RocketOps.Interop.Tests.Messages;

/// <summary>One way a message can go from a producer to a consumer, and what the consumer then sees.</summary>
/// <param name="Name">Without blanks; the topic and the group carry it.</param>
/// <param name="GoAsync">Takes the way and says what came out at its end.</param>
/// <param name="Changes">What is not as it was sent, in the language of <see cref="ExpectedMessage"/>.</param>
internal sealed record MessageWay(string Name, Func<WayTraveller, Task<IReadOnlyList<string>>> GoAsync, string Changes)
{
    /// <summary>Where one of the servers is known to show something else.</summary>
    public IReadOnlyList<MessageDifference> Differences { get; init; } = [];

    /// <summary>What a consumer sees behind the servers of this name.</summary>
    public IReadOnlyList<string> ExpectedFrom(string server) =>
        ExpectedMessage.Apply([Changes, .. MessageWays.EveryWay.Concat(Differences).Where(difference => difference.Server == server).Select(static difference => difference.Changes)]);
}

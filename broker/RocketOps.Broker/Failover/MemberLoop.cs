using Microsoft.Extensions.Logging;
using RocketOps.Election;
using RocketOps.Protocol.Commands;
using RocketOps.Store.Contracts;

namespace RocketOps.Broker.Failover;

/// <summary>Thread on which the member of a group is told and asked, one thing after the other. Thread-safe.</summary>
internal sealed partial class MemberLoop : IAsyncDisposable
{
    private const int MaxQuestions = 256;

    private readonly ILogger _logger;
    private readonly SerialLoop _loop;

    /// <param name="standing">Where the member is, once it takes part.</param>
    /// <param name="logger">Told of what should not happen on the loop.</param>
    public MemberLoop(MemberStanding standing, ILogger logger)
    {
        Standing = standing;
        _logger = logger;
        _loop = new SerialLoop("group-member", MaxQuestions, LogBroken);
    }

    /// <summary>Standing of the member, as others see it.</summary>
    public MemberStanding Standing { get; }

    /// <summary>Once, when the member takes part.</summary>
    public void Start() => _loop.Start();

    /// <summary>Tells the member something. What it cannot write down it has not promised: it leads no more, and tries again later.</summary>
    public void Post(Action<GroupMember> tell) => _loop.Post(() =>
    {
        try
        {
            tell(Standing.Member!);
        }
        catch (Exception failure) when (failure is StoreException or IOException)
        {
            Standing.Member!.OnHostFailed($"a promise cannot be written down: {failure.Message}");
        }
    });

    /// <summary>Throws <see cref="RemotingCommandException"/> before the member takes part, <see cref="IOException"/> when too much waits there or the loop has ended.</summary>
    public Task<T> AskAsync<T>(Func<GroupMember, T> ask, CancellationToken cancellationToken) =>
        Standing.Member is { } member ? _loop.AskAsync(() => ask(member), cancellationToken) : throw MemberStanding.NotStarted();

    /// <summary>Returns when nothing is done any more; what waited is forgotten.</summary>
    public ValueTask DisposeAsync() => _loop.DisposeAsync();

    [LoggerMessage(EventId = 3664, Level = LogLevel.Error, Message = "The member's loop went on after an error that it should not have met; please report it")]
    private partial void LogBroken(Exception failure);
}

using RocketOps.Protocol.Commands;

namespace RocketOps.Remoting.Connections;

/// <summary>
/// Base of handlers whose answers can be megabytes: whole tables, stored messages. They are asked for by small requests, a thousand at a time on one connection, so they are built
/// in turns: see <see cref="HeavyAnswer"/>.
/// </summary>
/// <param name="atOnce">Answers that are built at the same time: one, where none of them waits for anything.</param>
/// <param name="onlyLarge">
/// Answers begin without a turn, and <see cref="BuildAsync"/> takes one (<see cref="HeavyAnswer.TakeTurnAsync"/>) before it builds a large one: for what every client asks for again and again, mostly for little, which is
/// not to wait for those that ask for much.
/// </param>
public abstract class HeavyRequestHandler(int atOnce = HeavyRequestHandler.MostAtOnce, bool onlyLarge = false) : AsyncRequestHandler
{
    /// <summary>Answers of one request code that are built at the same time: none is larger than a frame, and one that waits for the disk does not hold up the next.</summary>
    public const int MostAtOnce = 4;

    private readonly SemaphoreSlim _turns = new(atOnce, atOnce);

    public sealed override async ValueTask<RemotingCommand?> HandleAsync(RemotingConnection connection, RemotingCommand request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(connection);
        using HeavyAnswer answer = new(connection, _turns);
        return onlyLarge || await answer.TakeTurnAsync(cancellationToken).ConfigureAwait(false) ? await BuildAsync(request, answer, cancellationToken).ConfigureAwait(false) : null;
    }

    /// <summary>
    /// Same as <see cref="AsyncRequestHandler.HandleAsync"/>. What grows is told to <paramref name="answer"/> as it does.
    /// </summary>
    protected abstract ValueTask<RemotingCommand?> BuildAsync(RemotingCommand request, HeavyAnswer answer, CancellationToken cancellationToken);
}

using System.Net;
using System.Net.Sockets;

namespace RocketOps.Remoting.Client;

/// <summary>
/// Connects to a server by the first of its addresses that answers. Addresses are tried side by side, as RFC 8305 has it: the next one
/// begins when the one before has failed, or after <see cref="Head"/>. An address that takes no connection so costs a quarter of a second
/// and not the whole time. Stateless.
/// </summary>
internal static class SocketConnector
{
    /// <summary>Time for which an address is tried alone: the "connection attempt delay" that RFC 8305 recommends.</summary>
    public static readonly TimeSpan Head = TimeSpan.FromMilliseconds(250);

    /// <summary>Addresses that are tried at most: a name with more of them names more than one server.</summary>
    private const int MaxAddresses = 16;

    /// <summary>
    /// Returns the connected socket. Throws the last <see cref="SocketException"/> when every address has refused, and
    /// <see cref="OperationCanceledException"/> when the caller gives up.
    /// </summary>
    /// <param name="endPoints">At least one, the preferred one first.</param>
    /// <param name="connect">Connects to one address; disposes its socket when it does not.</param>
    /// <param name="time">Measures waiting.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<Socket> ConnectAsync(
        IReadOnlyList<IPEndPoint> endPoints,
        Func<IPEndPoint, CancellationToken, Task<Socket>> connect,
        TimeProvider time,
        CancellationToken cancellationToken)
    {
        using CancellationTokenSource others = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Queue<IPEndPoint> left = new(endPoints.Take(MaxAddresses));
        List<Task<Socket>> trying = [];
        SocketException? failure = null;
        while (true)
        {
            if (left.TryDequeue(out IPEndPoint? next))
            {
                trying.Add(connect(next, others.Token));
            }
            else if (trying.Count == 0)
            {
                throw failure ?? new SocketException((int)SocketError.HostNotFound);
            }

            Task<Socket>? ended = await FirstAsync(trying, left.Count > 0, time, others.Token).ConfigureAwait(false);
            if (ended is null)
            {
                continue;
            }

            trying.Remove(ended);
            try
            {
                Socket connected = await ended.ConfigureAwait(false);
                await EndAsync(trying, others).ConfigureAwait(false);
                return connected;
            }
            catch (SocketException refused)
            {
                failure = refused;
            }
            catch (OperationCanceledException)
            {
                await EndAsync(trying, others).ConfigureAwait(false);
                throw;
            }
        }
    }

    /// <summary>The first attempt that has ended; null when the next address is due before.</summary>
    private static async Task<Task<Socket>?> FirstAsync(
        List<Task<Socket>> trying, bool isNextDue, TimeProvider time, CancellationToken cancellationToken)
    {
        Task first = Task.WhenAny(trying);
        if (isNextDue)
        {
            using CancellationTokenSource waiting = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            await Task.WhenAny(first, Task.Delay(Head, time, waiting.Token)).ConfigureAwait(false);
            await waiting.CancelAsync().ConfigureAwait(false);
        }
        else
        {
            await first.ConfigureAwait(false);
        }

        return trying.Find(static attempt => attempt.IsCompleted);
    }

    /// <summary>Ends the attempts that are not needed. One that has connected at the same moment is closed.</summary>
    private static async Task EndAsync(List<Task<Socket>> trying, CancellationTokenSource others)
    {
        await others.CancelAsync().ConfigureAwait(false);
        foreach (Task<Socket> attempt in trying)
        {
            await ((Task)attempt).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (attempt.IsCompletedSuccessfully)
            {
                attempt.Result.Dispose();
            }
        }
    }
}

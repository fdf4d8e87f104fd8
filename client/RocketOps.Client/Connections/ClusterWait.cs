using RocketOps.Client.Diagnostics;
using RocketOps.Protocol.Commands;

namespace RocketOps.Client.Connections;

/// <summary>
/// Repeats a step of a start until the cluster answers, so that programs and cluster may start in any order. Thread-safe.
/// </summary>
/// <param name="client">The member that starts.</param>
/// <param name="options">Its settings: <see cref="ConnectionOptions.StartTimeout"/> is the most it waits.</param>
internal sealed class ClusterWait(ClientInstance client, ConnectionOptions options)
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Does the step until it succeeds. Throws <see cref="RocketMqException"/> when a server refuses it for good, or when the last try
    /// after
    /// the time failed, and <see cref="OperationCanceledException"/> when the caller gives up.
    /// </summary>
    /// <param name="what">The whole start, for the log and the exception: <c>the start of group g</c>.</param>
    /// <param name="step">Throws <see cref="RocketMqException"/> while it cannot be done.</param>
    /// <param name="cancellationToken">The caller's.</param>
    public async Task UntilDoneAsync(string what, Func<CancellationToken, Task> step, CancellationToken cancellationToken)
    {
        long begin = options.TimeProvider.GetTimestamp();
        TimeSpan pause = FirstPause;
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                await step(cancellationToken).ConfigureAwait(false);
                return;
            }
            catch (RocketMqException failure) when (MayPass(failure) && options.StartTimeout > TimeSpan.Zero)
            {
                TimeSpan left = options.StartTimeout - options.TimeProvider.GetElapsedTime(begin);
                if (left <= TimeSpan.Zero)
                {
                    throw Late(what, attempt, failure);
                }

                if (attempt == 1)
                {
                    ClientLog.WaitsForCluster(client.Logger, what, left.TotalSeconds, failure.Message);
                }

                await Task.Delay(pause < left ? pause : left, options.TimeProvider, cancellationToken).ConfigureAwait(false);
                pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
            }
        }
    }

    /// <summary>True for what a cluster says, or does not say, while it starts.</summary>
    private static bool MayPass(RocketMqException failure) =>
        failure is not SubscriptionRefusedException && failure.ResponseCode is null or ResponseCode.SystemBusy or ResponseCode.ServiceNotAvailable;

    private RocketMqException Late(string what, int attempts, RocketMqException failure)
    {
        string text = $"{what} did not succeed in {attempts} attempts within {options.StartTimeout.TotalSeconds:0.#} s: {failure.Message}";
        return failure is NameServersUnreachableException unreachable
            ? new NameServersUnreachableException(unreachable.NameServers, text, unreachable)
            : new RocketMqException(text, failure);
    }
}

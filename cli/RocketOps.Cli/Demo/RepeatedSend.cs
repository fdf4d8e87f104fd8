using RocketOps.Cli.Running;
using RocketOps.Client;

namespace RocketOps.Cli.Demo;

/// <summary>
/// Sends each message of the demo until it is taken, or until all of them have had their time: a broker that was slow once, or restarts, is no reason to call a cluster
/// broken. What was not answered may be stored all the same, so a message that is sent again may be there twice; the number of the try tells the copies apart.
/// </summary>
/// <param name="time">The clock.</param>
/// <param name="limit">For all messages together, from now on.</param>
internal sealed class RepeatedSend(TimeProvider time, TimeSpan limit)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    private readonly long _begun = time.GetTimestamp();

    /// <summary>Throws <see cref="CommandFailedException"/> with the last reason when the time is over.</summary>
    /// <param name="number">Of the message.</param>
    /// <param name="send">Sends it, given the number of the try from 0 on.</param>
    /// <param name="cancellation">Ends the tries.</param>
    public async Task RunAsync(int number, Func<int, Task<SendResult>> send, CancellationToken cancellation)
    {
        for (int attempt = 0; ; attempt++)
        {
            Exception? failure = null;
            string reason;
            try
            {
                SendResult result = await send(attempt);
                if (result.Status == SendStatus.SendOk)
                {
                    return;
                }

                reason = $"it was answered with {result.Status}";
            }
            catch (RocketMqException refused)
            {
                failure = refused;
                reason = refused.Message;
            }

            if (time.GetElapsedTime(_begun) >= limit)
            {
                throw new CommandFailedException($"The demo's message {number} was sent {attempt + 1} times in {limit.TotalSeconds:0} s and not taken: {reason.TrimEnd('.')}.", failure);
            }

            await Task.Delay(Pause, time, cancellation);
        }
    }
}

using RocketOps.Faults.Tests.Loads;
using RocketOps.Testing.Remoting;

namespace RocketOps.Faults.Tests.Replication;

/// <summary>The way from one member of a group to the next.</summary>
/// <param name="addresses">Of the members.</param>
/// <param name="workers">Those who go it, until they are to stop.</param>
/// <param name="pause">Between two members.</param>
internal sealed class Rover(IReadOnlyList<string> addresses, Workers workers, TimeSpan pause)
{
    /// <summary>
    /// Works with a member, and goes on with the next one when the work ends, that member is gone or says nothing; until the stop.
    /// </summary>
    /// <param name="first">Number of the member to begin with; beyond the last one it is the first again.</param>
    /// <param name="work">With the connection to a member, and the patience that the worker has left with all of them.</param>
    public async Task RoveAsync(int first, Func<RawConnection, AnswerPatience, Task> work)
    {
        AnswerPatience patience = new();
        for (int member = first; !workers.IsStopping; member++)
        {
            try
            {
                string address = addresses[member % addresses.Count];
                await using RawConnection broker = await patience.AwaitAsync(RawConnection.ConnectAsync(address));
                await work(broker, patience);
            }
            catch (Exception gone) when (LostConnection.IsOrIsSilent(gone))
            {
                // The next member.
            }

            await Task.Delay(pause);
        }
    }
}

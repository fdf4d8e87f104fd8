using System.Net;

namespace RocketOps.Operator.Hosting;

/// <summary>Asks an operator whether it is ready, until it is: what <c>helm test</c> runs, in the operator's own image, which has no shell.</summary>
/// <param name="client">Asks, with a limit of time for each answer.</param>
/// <param name="time">The clock.</param>
/// <param name="pause">Between two questions.</param>
internal sealed class ReadyCheck(HttpClient client, TimeProvider time, TimeSpan pause)
{
    /// <summary>A pod that was just made takes some seconds to list what it watches, and a Service some more to lead to it.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    /// <returns>Null when it is ready; otherwise what it, or the network, said last.</returns>
    public async Task<string?> RunAsync(Uri address, CancellationToken cancellationToken)
    {
        long begin = time.GetTimestamp();
        while (true)
        {
            string? problem = await AskAsync(address, cancellationToken);
            if (problem is null || time.GetElapsedTime(begin) >= Patience)
            {
                return problem;
            }

            await Task.Delay(pause, time, cancellationToken);
        }
    }

    private async Task<string?> AskAsync(Uri address, CancellationToken cancellationToken)
    {
        try
        {
            using HttpResponseMessage response = await client.GetAsync(address, cancellationToken);
            return response.StatusCode == HttpStatusCode.OK ? null : $"{(int)response.StatusCode} {(await response.Content.ReadAsStringAsync(cancellationToken)).Trim()}";
        }
        catch (HttpRequestException unreachable)
        {
            return unreachable.Message;
        }
        catch (TaskCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return "no answer in time";
        }
    }
}

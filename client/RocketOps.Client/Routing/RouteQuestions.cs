namespace RocketOps.Client.Routing;

/// <summary>
/// Questions for routes that are under way. Callers that want the same route share one question, so a program that begins with thousands
/// of sends asks a name server once. A caller that gives up leaves the question to the others; the last one ends it. Thread-safe.
/// </summary>
internal sealed class RouteQuestions
{
    private readonly Lock _gate = new();
    private readonly Dictionary<RouteQuestion, Asking> _underWay = [];

    /// <summary>
    /// Asks, or waits for the answer to the same question. Throws what <paramref name="ask"/> throws, and
    /// <see cref="OperationCanceledException"/> when the caller gives up.
    /// </summary>
    /// <param name="question">The question: one at a time is under way.</param>
    /// <param name="ask">Asks it. Its token ends with the last caller that waits.</param>
    /// <param name="cancellationToken">Ends the waiting of this caller.</param>
    /// <returns>The answer, and true when another caller had asked before.</returns>
    public async Task<(TopicRoute? Route, bool IsShared)> AskAsync(
        RouteQuestion question, Func<CancellationToken, Task<TopicRoute?>> ask, CancellationToken cancellationToken)
    {
        bool isShared;
        Asking? asking;
        lock (_gate)
        {
            isShared = _underWay.TryGetValue(question, out asking);
            if (!isShared)
            {
                asking = new Asking();
                _underWay[question] = asking;
                _ = RunAsync(question, ask, asking);
            }

            asking!.Callers++;
        }

        try
        {
            return (await asking.Answer.Task.WaitAsync(cancellationToken).ConfigureAwait(false), isShared);
        }
        finally
        {
            await LeaveAsync(question, asking).ConfigureAwait(false);
        }
    }

    private async Task LeaveAsync(RouteQuestion question, Asking asking)
    {
        lock (_gate)
        {
            if (--asking.Callers > 0 || asking.Answer.Task.IsCompleted)
            {
                return;
            }

            // A caller that comes now asks again: it does not join a question that ends.
            Forget(question, asking);
        }

        await asking.GivenUp.CancelAsync().ConfigureAwait(false);
    }

    private async Task RunAsync(RouteQuestion question, Func<CancellationToken, Task<TopicRoute?>> ask, Asking asking)
    {
        // Not under the gate of the caller.
        await Task.Yield();
        try
        {
            TopicRoute? route = await ask(asking.GivenUp.Token).ConfigureAwait(false);
            End(question, asking);
            asking.Answer.SetResult(route);
        }
        catch (Exception failure)
        {
            End(question, asking);
            asking.Answer.SetException(failure);

            // All callers may have given up: then the failure concerns no caller.
            _ = asking.Answer.Task.Exception;
        }
    }

    /// <summary>Takes a question out before its answer is told: a caller that comes later asks again.</summary>
    private void End(RouteQuestion question, Asking asking)
    {
        lock (_gate)
        {
            Forget(question, asking);
        }
    }

    // Under the gate.
    private void Forget(RouteQuestion question, Asking asking)
    {
        if (_underWay.TryGetValue(question, out Asking? current) && ReferenceEquals(current, asking))
        {
            _underWay.Remove(question);
        }
    }

    /// <summary>A question under way.</summary>
    private sealed class Asking
    {
        /// <summary>Thousands may wait: they go on side by side, not one after another on the thread that has the answer.</summary>
        public TaskCompletionSource<TopicRoute?> Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>Cancelled when the last caller has given up. Not disposed: it has no timer, and its token may be in use.</summary>
        public CancellationTokenSource GivenUp { get; } = new();

        /// <summary>Callers that wait.</summary>
        public int Callers { get; set; }
    }
}

/// <summary>A question for a route.</summary>
/// <param name="Topic">The topic.</param>
/// <param name="TemplateQueues">
/// Number of queues, at most, of a topic that brokers will create on its first message; 0 when such a topic has no route.
/// </param>
internal readonly record struct RouteQuestion(string Topic, int TemplateQueues);

namespace RocketOps.Client.Routing;

/// <summary>
/// Questions for routes that are under way. Callers that want the same route share one question, so a program that begins with thousands
/// of sends asks a name server once. A caller that gives up leaves the question to the others. Thread-safe.
/// </summary>
internal sealed class RouteQuestions
{
    private readonly Lock _gate = new();
    private readonly Dictionary<RouteQuestion, Task<TopicRoute?>> _underWay = [];

    /// <summary>
    /// Asks, or waits for the answer to the same question. Throws what <paramref name="ask"/> throws, and
    /// <see cref="OperationCanceledException"/> when the caller gives up.
    /// </summary>
    /// <param name="question">The question: one at a time is under way.</param>
    /// <param name="ask">Asks it, without the token of any caller.</param>
    /// <param name="cancellationToken">Ends the waiting of this caller alone.</param>
    /// <returns>The answer, and true when another caller had asked before.</returns>
    public async Task<(TopicRoute? Route, bool IsShared)> AskAsync(
        RouteQuestion question, Func<Task<TopicRoute?>> ask, CancellationToken cancellationToken)
    {
        bool isShared;
        Task<TopicRoute?>? answer;
        lock (_gate)
        {
            isShared = _underWay.TryGetValue(question, out answer);
            if (!isShared)
            {
                // Thousands may wait: they go on side by side, not one after another on the thread that has the answer.
                TaskCompletionSource<TopicRoute?> answered = new(TaskCreationOptions.RunContinuationsAsynchronously);
                answer = answered.Task;
                _underWay[question] = answer;
                _ = RunAsync(question, ask, answered);
            }
        }

        return (await answer!.WaitAsync(cancellationToken).ConfigureAwait(false), isShared);
    }

    private async Task RunAsync(RouteQuestion question, Func<Task<TopicRoute?>> ask, TaskCompletionSource<TopicRoute?> answered)
    {
        // Not under the gate of the caller.
        await Task.Yield();
        try
        {
            TopicRoute? route = await ask().ConfigureAwait(false);
            Forget(question);
            answered.SetResult(route);
        }
        catch (Exception failure)
        {
            Forget(question);
            answered.SetException(failure);

            // All callers may have given up: then the failure concerns no caller.
            _ = answered.Task.Exception;
        }
    }

    /// <summary>Before the answer is told: a caller that comes later asks again.</summary>
    private void Forget(RouteQuestion question)
    {
        lock (_gate)
        {
            _underWay.Remove(question);
        }
    }
}

/// <summary>A question for a route.</summary>
/// <param name="Topic">The topic.</param>
/// <param name="TemplateQueues">
/// Number of queues, at most, of a topic that brokers will create on its first message; 0 when such a topic has no route.
/// </param>
internal readonly record struct RouteQuestion(string Topic, int TemplateQueues);

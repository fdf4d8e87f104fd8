using Microsoft.Extensions.Logging;

namespace RocketOps.Broker.Hosting;

/// <summary>The parts of a broker that have been started. They are stopped one after the other, the last one first, each whatever became of those before.</summary>
internal sealed partial class StopSequence(ILogger logger)
{
    private readonly Stack<Step> _steps = new();

    /// <summary>The parts in the order in which they will be stopped.</summary>
    public IReadOnlyList<string> Parts => [.. _steps.Select(static step => step.Part)];

    /// <summary>Told of each part when it has stopped; when this throws, the part counts as failed.</summary>
    public Action<string>? Stopped { get; set; }

    /// <summary>A part has been started.</summary>
    /// <param name="part">What the log calls it.</param>
    /// <param name="stopAsync">How it is stopped; called once.</param>
    public void Push(string part, Func<ValueTask> stopAsync) => _steps.Push(new Step(part, stopAsync));

    /// <summary>Stops every part and returns how many failed, each of which is logged. Throws nothing.</summary>
    public async ValueTask<int> RunAsync()
    {
        int failures = 0;
        while (_steps.TryPop(out Step step))
        {
            try
            {
                await step.StopAsync();
                Stopped?.Invoke(step.Part);
            }
            catch (Exception failure)
            {
                failures++;
                LogFailed(failure, step.Part);
            }
        }

        return failures;
    }

    [LoggerMessage(EventId = 3004, Level = LogLevel.Error, Message = "Stopping {Part} failed; the other parts are stopped all the same")]
    private partial void LogFailed(Exception failure, string part);

    private readonly record struct Step(string Part, Func<ValueTask> StopAsync);
}

using System.Runtime.ExceptionServices;

namespace RocketOps.Cli.Up;

/// <summary>Ends parts one after another, each whatever became of the ones before: a part that was passed over would leave processes behind.</summary>
internal static class DisposeSteps
{
    /// <summary>Runs every step in order, then throws what one step threw, or an AggregateException of several.</summary>
    public static async Task RunAsync(params IReadOnlyList<Func<Task>> steps)
    {
        List<Exception> failures = [];
        foreach (Func<Task> step in steps)
        {
            try
            {
                await step();
            }
            catch (Exception failure)
            {
                failures.Add(failure);
            }
        }

        if (failures.Count == 1)
        {
            ExceptionDispatchInfo.Throw(failures[0]);
        }

        if (failures.Count > 1)
        {
            throw new AggregateException(failures);
        }
    }
}

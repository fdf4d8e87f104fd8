using RocketOps.Testing.Processes;

namespace RocketOps.Testing.Kubernetes;

/// <summary>kubectl gives up by itself when an API server or its etcd stands still for seconds, as on a machine that is busy. What it says then is no answer.</summary>
public static class Kubectl
{
    private const int Attempts = 10;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    /// <summary>Nobody was asked anything. The last is what kubectl makes of a refused connection.</summary>
    private static readonly string[] NotSent = ["TLS handshake timeout", "connection refused", "was refused - did you specify the right host or port"];

    /// <summary>What was asked may have been done.</summary>
    private static readonly string[] NotAnswered =
    [
        "etcdserver: request timed out",
        "client connection lost",
        "i/o timeout",
        "unexpected EOF",
        "currently unable to handle the request",
        "request did not complete within requested timeout",
    ];

    /// <summary>What is the same when it is done twice.</summary>
    private static readonly string[] Repeatable = ["get", "wait", "apply", "logs", "label", "annotate"];

    /// <summary>Runs it, and again while it has no answer and may be run again. A refusal is an answer.</summary>
    /// <param name="verb">Its first argument.</param>
    /// <param name="runAsync">Runs it once.</param>
    public static async Task<ProcessResult> RunAsync(string verb, Func<Task<ProcessResult>> runAsync)
    {
        ArgumentNullException.ThrowIfNull(runAsync);
        for (int attempt = 1; ; attempt++)
        {
            ProcessResult result = await runAsync();
            if (result.ExitCode == 0 || attempt == Attempts || !MayBeRepeated(verb, Reason(result)))
            {
                return result;
            }

            await Task.Delay(Pause);
        }
    }

    /// <summary>The last line is why it has ended; those before it may be of what it has tried again itself.</summary>
    private static string Reason(ProcessResult result) => result.Error.TrimEnd().Split('\n')[^1];

    private static bool MayBeRepeated(string verb, string reason) =>
        IsOneOf(NotSent, reason) || (Repeatable.Contains(verb, StringComparer.Ordinal) && IsOneOf(NotAnswered, reason));

    private static bool IsOneOf(string[] reasons, string reason) => Array.Exists(reasons, words => reason.Contains(words, StringComparison.Ordinal));
}

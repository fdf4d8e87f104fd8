namespace RocketOps.Cli.Running;

/// <summary>Asks the system whether the pipe at standard output still has a reader. Linux says POLLERR when it has none, macOS POLLHUP, and so it is of sockets.</summary>
internal static class OutputPipe
{
    private const int StandardOutput = 1;

    /// <summary>Waits for nothing. False also when the system does not answer, as the next write tells then.</summary>
    public static bool HasLostItsReader() => (DescriptorPoll.Look(StandardOutput) & (DescriptorPoll.Error | DescriptorPoll.HangUp)) != 0;
}

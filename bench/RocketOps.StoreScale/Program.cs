using RocketOps.StoreScale;

if (args is not [var phase, var directory, ..] || !ScaleRun.Phases.Contains(phase))
{
    Console.Error.WriteLine($"usage: RocketOps.StoreScale {string.Join('|', ScaleRun.Phases)} DIRECTORY [QUEUES]   (bench/queues.sh runs them all)");
    return 2;
}

await new ScaleRun(directory, args is [_, _, var queues, ..] ? int.Parse(queues) : 100_000).RunAsync(phase);
return 0;

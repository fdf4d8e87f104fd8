namespace RocketOps.Store.Tests.Support;

/// <summary>The process has died: thrown by every call of a <see cref="MemoryFileSystem"/> from there on. No code of the store may catch it.</summary>
internal sealed class SimulatedCrashException : Exception;

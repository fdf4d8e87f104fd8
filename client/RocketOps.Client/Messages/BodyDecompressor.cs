namespace RocketOps.Client;

/// <summary>
/// Unpacks a body with a library of the program's choice. Called by several threads at a time. It should stop before it allocates more than <paramref name="maxBytes"/>; a longer result is
/// refused. An exception counts as a body that cannot be unpacked: the message is reported and given back.
/// </summary>
/// <param name="packed">The body as the producer packed it; borrowed for the call.</param>
/// <param name="maxBytes">Most bytes the plain body may have.</param>
/// <returns>The plain body, which the message owns from then on.</returns>
public delegate ReadOnlyMemory<byte> BodyDecompressor(ReadOnlyMemory<byte> packed, int maxBytes);

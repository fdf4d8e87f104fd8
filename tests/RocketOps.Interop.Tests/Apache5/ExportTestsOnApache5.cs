using RocketOps.Interop.Tests.Fixtures;

namespace RocketOps.Interop.Tests.Apache5;

[Collection(Apache5Collection.Name)]
public sealed class ExportTestsOnApache5(Apache5Fixture fixture) : ExportTests(fixture);

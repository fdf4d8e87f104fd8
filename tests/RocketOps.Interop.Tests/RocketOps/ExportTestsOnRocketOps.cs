using RocketOps.Interop.Tests.Fixtures;

namespace RocketOps.Interop.Tests.RocketOps;

[Collection(RocketOpsCollection.Name)]
public sealed class ExportTestsOnRocketOps(RocketOpsFixture fixture) : ExportTests(fixture);

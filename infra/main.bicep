targetScope = 'subscription'

@minLength(1)
@maxLength(64)
@description('Name of the azd environment; part of the resource group\'s name and of the hash in every other name.')
param environmentName string

@description('Region of everything. The list is of those that offer Flex Consumption, the Durable Task Scheduler and the Responses API.')
@allowed(['australiaeast', 'eastus2', 'northcentralus', 'southeastasia', 'swedencentral', 'uksouth'])
@metadata({ azd: { type: 'location' } })
param location string

@description('Object id of whoever runs azd, who may then make API keys and see the scheduler\'s dashboard. Empty: nobody.')
param principalId string = ''

@description('What kind of principal that is.')
@allowed(['User', 'ServicePrincipal'])
param principalType string = 'User'

@description('What keeps orchestrations. It must be the one for which the package was built: npm run build reads DURABLE_BACKEND.')
@allowed(['Scheduler', 'AzureStorage'])
param durableBackend string = 'Scheduler'

@description('Who answers: a new Azure OpenAI account with one deployment, an account that exists, or OpenAI with an API key.')
@allowed(['AzureOpenAI', 'ExistingAzureOpenAI', 'OpenAI'])
param modelProvider string = 'AzureOpenAI'

@description('The model. On Azure OpenAI also the name of its deployment; for an existing account the name of a deployment it has.')
param modelName string = 'gpt-5.4-mini'

@description('Version of the model, for a new Azure OpenAI account.')
param modelVersion string = '2026-03-17'

@description('How a new deployment is hosted.')
@allowed(['GlobalStandard', 'DataZoneStandard', 'Standard'])
param modelSku string = 'GlobalStandard'

@minValue(1)
@description('Thousands of tokens a minute that a new deployment may use.')
param modelCapacity int = 50

@description('Name of the existing Azure OpenAI account, in this subscription.')
param existingOpenAiAccount string = ''

@description('Resource group of the existing Azure OpenAI account.')
param existingOpenAiResourceGroup string = ''

@secure()
@description('OpenAI\'s API key, for modelProvider OpenAI. It goes to Key Vault; left out, the one that is there stays.')
param openAiApiKey string = ''

@description('Whether the provider reports by webhook that a response has ended, which then needs openAiWebhookSecret once.')
@allowed(['no', 'yes'])
param providerWebhooks string = 'no'

@secure()
@description('The secret that the provider showed for its webhook, whsec_…. It goes to Key Vault; left out, the one that is there stays.')
param openAiWebhookSecret string = ''

@description('How callers say who they are: API keys of our own, or tokens that App Service authentication checks.')
@allowed(['keys', 'app-service'])
param callerAuthentication string = 'keys'

@description('Client id of the app registration whose tokens are taken, for callerAuthentication app-service.')
param authClientId string = ''

@description('Base of the links that callers are given, such as https://agents.example. Empty: the app\'s own address.')
param publicUrl string = ''

@description('Version of Node.')
@allowed(['22', '24'])
param nodeVersion string = '24'

@description('Memory of an instance in MB.')
@allowed([512, 2048, 4096])
param instanceMemoryMB int = 2048

@minValue(40)
@maxValue(1000)
@description('Instances at most.')
param maximumInstanceCount int = 100

@minValue(0)
@description('Instances that always run for orchestrations. Azure Storage wakes an app at zero late, so it has one.')
param alwaysReadyDurable int = durableBackend == 'AzureStorage' ? 1 : 0

@minValue(1)
@maxValue(1000)
@description('HTTP requests that one instance serves at once; an open event stream is one.')
param httpConcurrency int = 100

@minValue(1)
@description('Gigabytes of logs a day, after which the rest of the day is not recorded.')
param logsDailyQuotaGb int = 1

@description('More app settings, such as { NIGHTSHIFT_KEEP_SECONDS: \'2592000\' }. A deployment replaces all settings, so what is set elsewhere is lost.')
param moreSettings object = {}

var token = toLower(uniqueString(subscription().id, environmentName, location))
var tags = { 'azd-env-name': environmentName }
var hubName = loadJsonContent('../host.json', 'extensions.durableTask.hubName')
var schedulerSetting = loadJsonContent('scheduler-provider.json', 'connectionStringName')

resource group 'Microsoft.Resources/resourceGroups@2024-11-01' = {
  name: 'rg-${environmentName}'
  location: location
  tags: tags
}

module identity 'modules/identity.bicep' = {
  scope: group
  params: { name: 'id-${token}', location: location, tags: tags }
}

module monitoring 'modules/monitoring.bicep' = {
  scope: group
  params: {
    workspaceName: 'log-${token}'
    applicationInsightsName: 'appi-${token}'
    location: location
    tags: tags
    dailyQuotaGb: logsDailyQuotaGb
    publisherId: identity.outputs.principalId
  }
}

module storage 'modules/storage.bicep' = {
  scope: group
  params: {
    name: 'st${token}'
    location: location
    tags: tags
    ownerId: identity.outputs.principalId
  }
}

module cosmos 'modules/cosmos.bicep' = {
  scope: group
  params: {
    name: 'cosmos-${token}'
    location: location
    tags: tags
    contributorIds: empty(principalId) ? [identity.outputs.principalId] : [identity.outputs.principalId, principalId]
  }
}

module scheduler 'modules/scheduler.bicep' = if (durableBackend == 'Scheduler') {
  scope: group
  params: {
    name: 'dts-${token}'
    taskHubName: hubName
    location: location
    tags: tags
    workerId: identity.outputs.principalId
    developerId: principalId
    developerType: principalType
  }
}

module openAi 'modules/openai.bicep' = if (modelProvider == 'AzureOpenAI') {
  scope: group
  params: {
    name: 'cog-${token}'
    location: location
    tags: tags
    modelName: modelName
    modelVersion: modelVersion
    sku: modelSku
    capacity: modelCapacity
    userId: identity.outputs.principalId
  }
}

module existingOpenAi 'modules/existing-openai.bicep' = if (modelProvider == 'ExistingAzureOpenAI') {
  scope: resourceGroup(empty(existingOpenAiResourceGroup) ? 'rg-${environmentName}' : existingOpenAiResourceGroup)
  params: { name: existingOpenAiAccount, userId: identity.outputs.principalId }
}

module keyVault 'modules/key-vault.bicep' = if (modelProvider == 'OpenAI' || providerWebhooks == 'yes') {
  scope: group
  params: {
    name: 'kv-${token}'
    location: location
    tags: tags
    openAiApiKey: openAiApiKey
    webhookSecret: openAiWebhookSecret
    readerId: identity.outputs.principalId
  }
}

var modelSettings = modelProvider == 'AzureOpenAI'
  ? { AZURE_OPENAI_ENDPOINT: openAi!.outputs.endpoint }
  : modelProvider == 'ExistingAzureOpenAI'
      ? { AZURE_OPENAI_ENDPOINT: existingOpenAi!.outputs.endpoint }
      : { OPENAI_API_KEY: keyVault!.outputs.openAiApiKeyReference }
var webhookSettings = providerWebhooks == 'yes' ? { OPENAI_WEBHOOK_SECRET: keyVault!.outputs.webhookSecretReference } : {}
var durableSettings = durableBackend == 'Scheduler'
  ? { '${schedulerSetting}': 'Endpoint=${scheduler!.outputs.endpoint};Authentication=ManagedIdentity;ClientID=${identity.outputs.clientId}' }
  : {}

module functionApp 'modules/function-app.bicep' = {
  scope: group
  params: {
    name: 'func-${token}'
    planName: 'plan-${token}'
    location: location
    tags: tags
    identityId: identity.outputs.id
    identityClientId: identity.outputs.clientId
    storageAccountName: storage.outputs.name
    packageContainerName: storage.outputs.packageContainerName
    applicationInsightsName: monitoring.outputs.applicationInsightsName
    nodeVersion: nodeVersion
    instanceMemoryMB: instanceMemoryMB
    maximumInstanceCount: maximumInstanceCount
    alwaysReadyDurable: alwaysReadyDurable
    httpConcurrency: httpConcurrency
    callerAuthentication: callerAuthentication
    authClientId: authClientId
    publicUrl: publicUrl
    settings: union(moreSettings, modelSettings, webhookSettings, durableSettings, {
      NIGHTSHIFT_MODEL: modelName
      COSMOS_ENDPOINT: cosmos.outputs.endpoint
      COSMOS_DATABASE: cosmos.outputs.databaseName
    })
  }
}

output AZURE_LOCATION string = location
output AZURE_TENANT_ID string = tenant().tenantId
output AZURE_RESOURCE_GROUP string = group.name
output SERVICE_APP_NAME string = functionApp.outputs.name
output SERVICE_APP_URI string = functionApp.outputs.uri
output COSMOS_ENDPOINT string = cosmos.outputs.endpoint
output COSMOS_DATABASE string = cosmos.outputs.databaseName
output DURABLE_BACKEND string = durableBackend
